//! What differs between operating systems, behind one set of functions.
//!
//! The only folder that may use `cfg(target_os)` and `unsafe`. Windows and macOS join as files beside `linux.rs`.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub(crate) use linux::{
    ProcessWatch, become_session_leader, boot_id, free_space, group_is_ours, host_name, is_root, kill_group,
    make_fifo, open_reader_writer, os_release, poke, primary_address, reserve, runs_from_deleted_file,
    system_certificate_hint,
};

/// Name and version of the operating system, as the heart-beat reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OsRelease {
    /// `NAME` of os-release, e.g. `Debian GNU/Linux`.
    pub(crate) name: String,
    /// `VERSION_ID` of os-release, e.g. `12`.
    pub(crate) version: String,
}
