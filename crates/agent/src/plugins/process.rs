//! Runs one program of a step in its own process group, until it and its pipes have ended, its time is up, or the
//! command is cancelled.

use crate::command::folder::CommandFolder;
use crate::platform::{self, ProcessWatch};
use crate::plugins::{Captured, CapturedOutput, FAILED};
use muster_protocol::document::flow::{Interruption, StepResult};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long output is still read after a kill: what was written before it is in the pipes already.
const DRAIN: Duration = Duration::from_secs(2);
/// How often to ask for the end of a process where the kernel cannot tell by itself.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// Bytes read at once from a pipe.
const CHUNK: usize = 64 * 1024;

/// How a running step learns of a cancellation.
pub(crate) struct Interrupts {
    control: Option<File>,
    cancelled: Cell<bool>,
}

impl Interrupts {
    /// Listens on the command's control FIFO. Without it, a cancellation is noticed between steps only.
    pub(crate) fn listen(folder: &CommandFolder) -> Self {
        // First the FIFO, then the mark: whoever cancels does it the other way round, so nothing falls between.
        let control = platform::open_reader_writer(&folder.control()).ok();
        Self { control, cancelled: Cell::new(folder.cancel_requested()) }
    }

    /// Whether the command is to be cancelled.
    pub(crate) fn cancelled(&self) -> bool {
        if !self.cancelled.get()
            && let Some(mut control) = self.control.as_ref()
        {
            let mut bytes = [0; 16];
            self.cancelled.set(control.read(&mut bytes).is_ok_and(|count| count > 0));
        }
        self.cancelled.get()
    }
}

/// Starts `command` and follows it to its end. `timeout`: from now.
pub(crate) fn run(
    mut command: Command,
    timeout: Duration,
    output: &mut CapturedOutput,
    interrupts: &Interrupts,
    on_process: &mut dyn FnMut(u32),
) -> StepResult {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let program = command.get_program().to_string_lossy().into_owned();
            output.say(&format!("The step could not be started: {program}: {error}"));
            return FAILED;
        }
    };
    on_process(child.id());
    let mut step = match Running::new(child, timeout) {
        Ok(step) => step,
        Err((mut child, error)) => {
            platform::kill_group(child.id());
            let _ = child.wait();
            output.say(&format!("The step could not be followed: {error}"));
            return FAILED;
        }
    };
    let killed = step.follow(output, interrupts);
    step.end(killed)
}

struct Running {
    child: Child,
    watch: ProcessWatch,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    exited: bool,
    deadline: Instant,
}

impl Running {
    fn new(mut child: Child, timeout: Duration) -> Result<Self, (Child, io::Error)> {
        let pipes = child.stdout.take().map(OwnedFd::from).zip(child.stderr.take().map(OwnedFd::from));
        let Some((stdout, stderr)) = pipes else {
            return Err((child, io::ErrorKind::BrokenPipe.into()));
        };
        for pipe in [&stdout, &stderr] {
            if let Err(error) = fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)) {
                return Err((child, error.into()));
            }
        }
        let now = Instant::now();
        Ok(Self {
            watch: ProcessWatch::new(child.id()),
            child,
            stdout: Some(stdout),
            stderr: Some(stderr),
            exited: false,
            deadline: now.checked_add(timeout).unwrap_or(now),
        })
    }

    /// Reads the output until the program and its pipes have ended. Tells why the step was killed, if it was.
    fn follow(&mut self, output: &mut CapturedOutput, interrupts: &Interrupts) -> Option<Interruption> {
        let mut killed = None;
        let mut buffer = vec![0; CHUNK];
        loop {
            if !self.exited {
                self.exited = has_ended(self.child.id());
            }
            if self.exited && self.stdout.is_none() && self.stderr.is_none() {
                return killed;
            }
            let now = Instant::now();
            if now >= self.deadline {
                if killed.is_some() {
                    // Something outside the group still holds a pipe; it is not the step any more.
                    return killed;
                }
                killed = Some(self.kill(Interruption::TimedOut));
            } else if killed.is_none() && interrupts.cancelled() {
                killed = Some(self.kill(Interruption::Cancelled));
            }
            self.wait(interrupts);
            drain(&mut self.stdout, &mut output.stdout, &mut buffer);
            drain(&mut self.stderr, &mut output.stderr, &mut buffer);
        }
    }

    /// Kills the group. The program is not reaped before the end, so its number is still its own.
    fn kill(&mut self, reason: Interruption) -> Interruption {
        platform::kill_group(self.child.id());
        let now = Instant::now();
        self.deadline = now.checked_add(DRAIN).unwrap_or(now);
        reason
    }

    /// Waits until something may have changed.
    fn wait(&self, interrupts: &Interrupts) {
        let mut descriptors: Vec<PollFd<'_>> = Vec::with_capacity(4);
        let readable = |descriptor| PollFd::new(descriptor, PollFlags::POLLIN);
        descriptors.extend(self.stdout.as_ref().map(|pipe| readable(pipe.as_fd())));
        descriptors.extend(self.stderr.as_ref().map(|pipe| readable(pipe.as_fd())));
        let watch: Option<BorrowedFd<'_>> = if self.exited { None } else { self.watch.descriptor() };
        let must_ask = !self.exited && watch.is_none();
        descriptors.extend(watch.map(readable));
        let control = interrupts.control.as_ref().filter(|_| !interrupts.cancelled.get());
        descriptors.extend(control.map(|control| readable(control.as_fd())));
        let mut timeout = self.deadline.saturating_duration_since(Instant::now());
        if must_ask {
            timeout = timeout.min(ASK_EVERY);
        }
        // Rounded up, so that the deadline has passed when the wait for it ends.
        let timeout = timeout.saturating_add(Duration::from_micros(999));
        let _ = poll(&mut descriptors, PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX));
    }

    fn end(mut self, killed: Option<Interruption>) -> StepResult {
        // Closing our ends first: a process outside the group that still writes gets an error and not a full pipe.
        self.stdout = None;
        self.stderr = None;
        let status = self.child.wait();
        match status {
            Ok(status) => StepResult::of_process(exit_code(status), killed, cfg!(windows)),
            Err(_) => FAILED,
        }
    }
}

/// The exit code; for a program that a signal ended the one that a shell would show.
fn exit_code(status: ExitStatus) -> i64 {
    status.code().map_or_else(|| 128 + i64::from(status.signal().unwrap_or(0)), i64::from)
}

/// Whether a child has ended, without reaping it.
fn has_ended(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return true };
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    !matches!(waitid(Id::Pid(Pid::from_raw(pid)), flags), Ok(WaitStatus::StillAlive))
}

/// Reads what is in a pipe now; closes it at its end.
fn drain(pipe: &mut Option<OwnedFd>, sink: &mut Captured, buffer: &mut [u8]) {
    // Bounded, so that a program that writes without end cannot keep us from its time-out.
    for _ in 0..16 {
        let Some(open) = pipe.as_ref() else { return };
        match nix::unistd::read(open, buffer) {
            Ok(0) => *pipe = None,
            Ok(count) => sink.write(buffer.get(..count).unwrap_or_default()),
            Err(nix::errno::Errno::EINTR) => {}
            Err(nix::errno::Errno::EAGAIN) => return,
            Err(_) => *pipe = None,
        }
    }
}
