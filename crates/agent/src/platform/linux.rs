//! Linux: processes, FIFOs, disk space and facts about the machine.

use super::OsRelease;
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Environment variable (tests only): a file to read the boot id from.
const BOOT_ID_FILE_VARIABLE: &str = "MUSTER_AGENT_BOOT_ID_FILE";

/// An id that changes with every boot of the machine.
pub(crate) fn boot_id() -> String {
    let path = std::env::var_os(BOOT_ID_FILE_VARIABLE).unwrap_or("/proc/sys/kernel/random/boot_id".into());
    std::fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Leaves the session, process group and terminal of the parent. Fails only for a process group leader, who is
/// detached enough already.
pub(crate) fn become_session_leader() {
    let _ = nix::unistd::setsid();
}

/// Kills every process of the group `pgid` with SIGKILL. A group that is gone already is fine.
pub(crate) fn kill_group(pgid: u32) {
    if let Ok(pgid) = i32::try_from(pgid)
        && pgid > 1
    {
        let _ = killpg(Pid::from_raw(pgid), Signal::SIGKILL);
    }
}

/// Whether a process lives that belongs to the group `pgid` and to the session `session`. Both numbers together are
/// not given out again while one of their processes lives, so this tells a left-over of ours from a stranger.
pub(crate) fn group_is_ours(pgid: u32, session: u32) -> bool {
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    entries.flatten().any(|entry| {
        entry.file_name().to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
            && std::fs::read_to_string(entry.path().join("stat"))
                .is_ok_and(|stat| group_and_session(&stat) == Some((pgid, session)))
    })
}

/// Fields 5 and 6 of /proc/PID/stat; the name in field 2 may hold anything, so the count starts after its `)`.
fn group_and_session(stat: &str) -> Option<(u32, u32)> {
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?;
    if state == "Z" {
        return None;
    }
    let mut numbers = fields.skip(1).map(|field| field.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// A descriptor that polls readable when a child process has ended.
pub(crate) struct ProcessWatch(Option<OwnedFd>);

impl ProcessWatch {
    /// Watches a child of this process. Kernels before 5.3 give no descriptor: then the caller has to ask again
    /// from time to time.
    pub(crate) fn new(pid: u32) -> Self {
        Self(pidfd_open(pid))
    }

    /// The descriptor, if the kernel has one.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.0.as_ref().map(AsFd::as_fd)
    }
}

#[allow(unsafe_code)]
fn pidfd_open(pid: u32) -> Option<OwnedFd> {
    let pid = libc::pid_t::try_from(pid).ok()?;
    // SAFETY: pidfd_open takes two integers and touches no memory of ours. The C library has no wrapper everywhere.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let descriptor = i32::try_from(result).ok().filter(|descriptor| *descriptor >= 0)?;
    // SAFETY: the kernel has just made this descriptor for us alone (close-on-exec is always set on it).
    Some(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Makes sure that `length` bytes from `offset` on can be written to the file later, whatever happens to the disk.
/// The file's length stays. File systems that cannot reserve are taken at their word.
pub(crate) fn reserve(file: &File, offset: u64, length: u64) -> io::Result<()> {
    use nix::fcntl::{FallocateFlags, fallocate};
    let (Ok(offset), Ok(length)) = (i64::try_from(offset), i64::try_from(length)) else {
        return Err(io::ErrorKind::FileTooLarge.into());
    };
    match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, offset, length) {
        Ok(()) | Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Free bytes and free inodes (`None` where the file system does not count them) for this user at `path`.
#[allow(clippy::useless_conversion, reason = "the counts have other widths on other architectures")]
pub(crate) fn free_space(path: &Path) -> io::Result<(u64, Option<u64>)> {
    let status = nix::sys::statvfs::statvfs(path)?;
    let bytes = u64::from(status.blocks_available()).saturating_mul(status.fragment_size());
    let inodes = (status.files() > 0).then(|| u64::from(status.files_available()));
    Ok((bytes, inodes))
}

/// Makes a FIFO that only this user may open; one that exists is kept.
pub(crate) fn make_fifo(path: &Path) -> io::Result<()> {
    match nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens a FIFO for reading so that it never reports an end: this process is a writer too.
pub(crate) fn open_reader_writer(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)
}

/// Writes a few bytes (at most 512, so they stay together) into a FIFO if somebody reads it. Never waits: pokes are hints.
pub(crate) fn poke(path: &Path, bytes: &[u8]) -> bool {
    OpenOptions::new()
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .is_ok_and(|mut fifo| fifo.write_all(bytes).is_ok())
}

/// Whether this process has user id 0.
pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// The machine's name.
pub(crate) fn host_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

/// The address from which this machine speaks to others; loopback when it has no other.
pub(crate) fn primary_address() -> IpAddr {
    // Connecting a UDP socket sends nothing: the kernel only picks the route and with it the source address.
    let source = |local: &str, remote: &str| {
        let socket = UdpSocket::bind(local).ok()?;
        socket.connect(remote).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    };
    source("0.0.0.0:0", "192.0.2.1:9")
        .or_else(|| source("[::]:0", "[2001:db8::1]:9"))
        .filter(|address| !address.is_unspecified())
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// Name and version of the distribution; `NotAvailable` as the official agent says when unknown.
pub(crate) fn os_release() -> OsRelease {
    let text = std::fs::read_to_string("/etc/os-release")
        .or_else(|_| std::fs::read_to_string("/usr/lib/os-release"))
        .unwrap_or_default();
    parse_os_release(&text)
}

fn parse_os_release(text: &str) -> OsRelease {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|value| !value.is_empty())
            .unwrap_or_else(|| "NotAvailable".to_owned())
    };
    OsRelease { name: value("NAME"), version: value("VERSION_ID") }
}

/// Whether the program's file was replaced or deleted since this process started.
pub(crate) fn runs_from_deleted_file() -> bool {
    std::fs::read_link("/proc/self/exe").is_ok_and(|path| path.to_string_lossy().ends_with(" (deleted)"))
}

/// Where this system's certificate store is administered, for error texts.
pub(crate) fn system_certificate_hint() -> &'static str {
    "the system's certificate store (update-ca-certificates or update-ca-trust)"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stat_lines() {
        assert_eq!(group_and_session("42 (a) b) S 1 42 40 0 -1"), Some((42, 40)));
        assert_eq!(group_and_session("42 (sh) Z 1 42 40 0 -1"), None);
        assert_eq!(group_and_session("42 (sh"), None);
        assert_eq!(group_and_session(""), None);
    }

    #[test]
    fn reads_os_release() {
        let release = parse_os_release("PRETTY_NAME=\"x\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID='12'\n");
        assert_eq!(release, OsRelease { name: "Debian GNU/Linux".into(), version: "12".into() });
        assert_eq!(parse_os_release("").name, "NotAvailable");
    }

    #[test]
    fn pokes_reach_a_reader_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        make_fifo(&path).unwrap();
        make_fifo(&path).unwrap();
        assert!(!poke(&path, b"x"));
        let mut reader = open_reader_writer(&path).unwrap();
        assert!(poke(&path, b"x"));
        let mut byte = [0];
        io::Read::read_exact(&mut reader, &mut byte).unwrap();
        assert_eq!(&byte, b"x");
    }

    #[test]
    fn finds_our_own_group() {
        let group = u32::try_from(nix::unistd::getpgrp().as_raw()).unwrap();
        let session = u32::try_from(nix::unistd::getsid(None).unwrap().as_raw()).unwrap();
        assert!(group_is_ours(group, session));
        assert!(!group_is_ours(group, session.wrapping_add(1)));
    }
}
