//! Owns the commands of this node and the node's end of the control channel: takes jobs, starts workers, reports.
//!
//! One task, no locks. Sockets, workers and uploads are other tasks, which send messages here. What must survive is on
//! disk before it is acted on; what is in memory can be rebuilt from there.

use crate::api::Api;
use crate::command::active::{Active, State};
use crate::command::event::Event;
use crate::command::folder::NodeFacts;
use crate::command::ledger::Ledger;
use crate::command::reboot::Reboot;
use crate::command::{report, retention};
use crate::credentials::Keeper;
use crate::endpoint::Endpoint;
use crate::paths::DataDir;
use crate::settings::Settings;
use crate::{platform, version};
use muster_protocol::control_channel::{NodeChannel, NodeEvent};
use muster_protocol::ids::ManagedNodeId;
use muster_protocol::message::{AckCode, Status};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

/// How often to ask whether workers of an earlier agent still live.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// What other tasks tell the manager.
pub(crate) enum ToManager {
    /// A socket is open; what is sent to `out` goes into it.
    Connected {
        /// Token of the channel.
        token: String,
        /// The socket's task.
        out: mpsc::UnboundedSender<Outgoing>,
    },
    /// The server said something.
    Message(Vec<u8>),
    /// The socket is closed.
    Disconnected,
    /// The worker of a command is gone.
    WorkerExited(String),
    /// The output of an event was sent, or could not be.
    Uploaded {
        /// The command.
        command_id: String,
        /// Number of the event.
        event: usize,
    },
    /// A round of deleting old folders is over.
    Swept {
        /// Whether there is more to delete.
        more: bool,
    },
    /// The program that restarts the machine could not do it.
    RebootFailed(String),
}

/// What goes into the socket.
pub(crate) enum Outgoing {
    /// As a text message.
    Text(String),
    /// As a binary message.
    Binary(Vec<u8>),
}

/// What the manager needs of its surroundings.
pub(crate) struct Surroundings {
    /// The data folder.
    pub(crate) data: DataDir,
    /// Settings.
    pub(crate) settings: Settings,
    /// Sends requests.
    pub(crate) api: Rc<Api>,
    /// Signs them.
    pub(crate) keeper: Rc<Keeper>,
    /// Where outputs are sent.
    pub(crate) endpoint: Endpoint,
    /// Facts for scripts.
    pub(crate) facts: NodeFacts,
}

/// The manager.
pub(crate) struct Manager {
    pub(super) around: Surroundings,
    pub(super) ledger: Ledger,
    node: ManagedNodeId,
    pub(super) channel: NodeChannel,
    pub(super) out: Option<mpsc::UnboundedSender<Outgoing>>,
    inbox: mpsc::UnboundedReceiver<ToManager>,
    pub(super) to_self: mpsc::UnboundedSender<ToManager>,
    pub(super) active: BTreeMap<String, Active>,
    pub(super) queue: VecDeque<String>,
    pub(super) reboot: Option<Reboot>,
    pub(super) boot: String,
    next_sweep: Instant,
    pokes: pipe::Receiver,
}

impl Manager {
    /// A manager, and the way to tell it things. Finds the commands of its predecessors.
    pub(crate) fn start(
        around: Surroundings,
        node: ManagedNodeId,
    ) -> io::Result<(Self, mpsc::UnboundedSender<ToManager>)> {
        platform::make_fifo(&around.data.poke())?;
        let pokes = pipe::OpenOptions::new().read_write(true).open_receiver(around.data.poke())?;
        let (to_self, inbox) = mpsc::unbounded_channel();
        let mut manager = Self {
            ledger: Ledger::new(around.data.clone()),
            channel: NodeChannel::new(node.clone()),
            node,
            out: None,
            inbox,
            to_self: to_self.clone(),
            active: BTreeMap::new(),
            queue: VecDeque::new(),
            reboot: None,
            boot: platform::boot_id(),
            next_sweep: Instant::now() + retention::FIRST_SWEEP,
            pokes,
            around,
        };
        manager.recover()?;
        Ok((manager, to_self))
    }

    fn recover(&mut self) -> io::Result<()> {
        for (folder, job) in self.ledger.open_commands()? {
            let command_id = job.command_id.clone();
            if !report::belongs_to(&job.job_id, &self.node) {
                // This machine was registered anew: nobody would hear of this command's end.
                tracing::warn!(
                    "command {command_id} belongs to a former registration of this machine: dropped"
                );
                let _ = folder.request_cancel();
                let _ = self.ledger.finish(&command_id);
                continue;
            }
            let active = match Active::restore(folder.clone(), job.clone(), &self.boot) {
                Ok(active) => active,
                Err(error) => {
                    self.active.insert(command_id.clone(), Active::new(folder, job));
                    self.fail(
                        &command_id,
                        &format!("What happened so far cannot be read on the node: {error}"),
                    );
                    continue;
                }
            };
            tracing::info!("command {command_id} taken up again: {:?}", active.state);
            match active.state {
                State::Queued => self.queue.push_back(command_id.clone()),
                State::Rebooting => self.reboot = Some(Reboot::new()),
                State::Running | State::Done => {}
            }
            self.active.insert(command_id, active);
        }
        self.launch_waiting();
        let all: Vec<String> = self.active.keys().cloned().collect();
        for command_id in all {
            self.report(&command_id);
        }
        Ok(())
    }

    /// Runs for ever.
    pub(crate) async fn run(mut self) {
        let mut pokes = vec![0; 4096];
        loop {
            let deadline = self.next_deadline();
            tokio::select! {
                message = self.inbox.recv() => {
                    if let Some(message) = message {
                        self.handle(message);
                    }
                }
                poked = read_pokes(&self.pokes, &mut pokes) => {
                    for command_id in poked {
                        self.look_at(&command_id);
                    }
                }
                () = tokio::time::sleep_until(deadline) => self.on_timer(),
            }
        }
    }

    fn next_deadline(&self) -> Instant {
        let now = Instant::now();
        let mut deadline = self.next_sweep;
        if let (Some(_), Some(due_ms)) = (&self.out, self.channel.next_timer_ms()) {
            let wait = u64::try_from(due_ms - self.around.api.clock.steady_ms()).unwrap_or(0);
            deadline = deadline.min(now + Duration::from_millis(wait));
        }
        if self.reboot.is_some() || self.active.values().any(|active| active.foreign) {
            deadline = deadline.min(now + ASK_EVERY);
        }
        deadline
    }

    fn on_timer(&mut self) {
        self.flush();
        let ended: Vec<String> = self
            .active
            .iter()
            .filter(|(_, active)| active.foreign && !matches!(active.folder.try_lock(), Ok(None)))
            .map(|(command_id, _)| command_id.clone())
            .collect();
        for command_id in ended {
            self.on_worker_exit(&command_id);
        }
        self.reboot_if_due();
        if Instant::now() >= self.next_sweep {
            self.sweep();
        }
    }

    /// Deletes what is old, on a thread of its own: there may be many thousand folders to look at.
    fn sweep(&mut self) {
        self.next_sweep = Instant::now() + retention::PERIOD;
        self.give_up_unheard();
        let (ledger, settings) = (self.ledger.clone(), self.around.settings.clone());
        let (now_ms, to_self) = (self.around.api.clock.local_ms(), self.to_self.clone());
        tokio::task::spawn_blocking(move || {
            let more = retention::sweep(&ledger, &settings, now_ms);
            let _ = to_self.send(ToManager::Swept { more });
        });
    }

    fn handle(&mut self, message: ToManager) {
        match message {
            ToManager::Connected { token, out } => {
                let now = self.around.api.clock.steady_ms();
                let open = self.channel.open_message(&token, version::ON_THE_WIRE, "linux", now);
                let _ = out.send(Outgoing::Text(open));
                self.out = Some(out);
                self.flush();
                let all: Vec<String> = self.active.keys().cloned().collect();
                for command_id in all {
                    self.report(&command_id);
                }
            }
            ToManager::Disconnected => self.out = None,
            ToManager::Message(bytes) => match self.channel.on_message(&bytes) {
                Ok(events) => events.into_iter().for_each(|event| self.on_event(event)),
                Err(error) => tracing::warn!("a message of the server was dropped: {error}"),
            },
            ToManager::WorkerExited(command_id) => self.on_worker_exit(&command_id),
            ToManager::Uploaded { command_id, event } => {
                if let Some(active) = self.active.get_mut(&command_id) {
                    active.uploading = false;
                    active.uploaded = Some(event);
                }
                self.report(&command_id);
            }
            ToManager::Swept { more: true } => self.next_sweep = Instant::now() + retention::FIRST_SWEEP,
            ToManager::Swept { more: false } => {}
            ToManager::RebootFailed(reason) => self.give_up_reboot(&reason),
        }
    }

    fn on_event(&mut self, event: NodeEvent) {
        match event {
            NodeEvent::Job { job_id, message_id, created_ms, content } => {
                let code = self.take_job(&job_id, Ok(*content));
                self.acknowledge(&job_id, message_id, created_ms, code);
                self.launch_waiting();
            }
            NodeEvent::MalformedJob { job_id, message_id, created_ms, error } => {
                let code = self.take_job(&job_id, Err(error.to_string()));
                self.acknowledge(&job_id, message_id, created_ms, code);
            }
            NodeEvent::CancelJob { job_id, message_id, created_ms, cancelled } => {
                self.acknowledge(&job_id, message_id, created_ms, AckCode::Successful);
                self.send_progress(&job_id, true);
                self.cancel(&cancelled);
            }
            NodeEvent::ReplyAck { job_id, message_id } => self.on_reply_ack(&job_id, message_id),
            NodeEvent::StartSession(task) => {
                tracing::warn!("session {} refused: not built yet", task.task_id)
            }
            NodeEvent::ChannelClosed(_) | NodeEvent::TaskAcknowledge(_) => {}
            NodeEvent::Ignored { message_type } => tracing::debug!("message of type {message_type} ignored"),
        }
    }

    /// Ends a command without a worker.
    pub(super) fn fail(&mut self, command_id: &str, reason: &str) {
        let Some(active) = self.active.get_mut(command_id) else { return };
        tracing::warn!("command {command_id} failed: {reason}");
        let at_ms = self.around.api.clock.local_ms();
        let done = Event::Done { at_ms, status: Status::Failed, trace: reason.to_owned() };
        let written = active.folder.try_lock().and_then(|lock| match lock {
            Some(lock) => active.folder.open_events(&lock)?.append(std::slice::from_ref(&done)),
            None => Err(io::ErrorKind::WouldBlock.into()),
        });
        if written.and_then(|()| active.read_events()).is_err() {
            // Not on the disk: this life of the agent reports it all the same.
            let number = active.events.len();
            active.events.push((number, done));
            active.state = State::Done;
        }
        self.report(command_id);
    }

    fn acknowledge(&mut self, job_id: &str, message_id: Uuid, created_ms: i64, code: AckCode) {
        let now = self.around.api.clock.steady_ms();
        let frame = self.channel.ack_job(job_id, message_id, created_ms, code, now);
        self.send(frame);
    }

    pub(super) fn send_progress(&mut self, job_id: &str, cancel: bool) {
        let now = self.around.api.clock.steady_ms();
        let content = report::in_progress(self.around.api.clock.local_ms());
        let frame = self.channel.send_progress(job_id, report::topic(cancel), &content, now);
        self.send(frame);
    }

    /// Sends what is due, if there is a socket; else it stays due.
    pub(super) fn flush(&mut self) {
        if self.out.is_some() {
            for frame in self.channel.on_timer(self.around.api.clock.steady_ms()) {
                self.send(frame);
            }
        }
    }

    fn send(&self, frame: Vec<u8>) {
        if let Some(out) = &self.out {
            let _ = out.send(Outgoing::Binary(frame));
        }
    }
}

/// Command ids that workers have written into the FIFO. One that is cut in two is lost, which is no harm: the worker's
/// exit is noticed too.
async fn read_pokes(pokes: &pipe::Receiver, buffer: &mut [u8]) -> Vec<String> {
    loop {
        if pokes.readable().await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Ok(count) = pokes.try_read(buffer) {
            let text = String::from_utf8_lossy(buffer.get(..count).unwrap_or_default());
            return text.split_ascii_whitespace().map(str::to_owned).collect();
        }
    }
}
