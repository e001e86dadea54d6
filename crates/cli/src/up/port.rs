//! The port to listen on, and, when it is taken, by whom: a newcomer's first question.

use crate::Failure;
use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
};

const DEFAULT: u16 = 8765;

/// A port that is free now: the one asked for (0: any), that of the last start, or the default.
pub(super) fn choose(asked: Option<u16>, last: Option<u16>) -> Result<u16, Failure> {
    let port = asked.or(last).unwrap_or(DEFAULT);
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) => Ok(listener.local_addr().map_err(|error| Failure::other(error.to_string()))?.port()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(taken(port)),
        Err(error) => Err(Failure::other(format!("cannot listen on port {port}: {error}"))),
    }
}

fn taken(port: u16) -> Failure {
    let by = match holder(port) {
        Some((process, name)) => format!("by {name} (process {process})"),
        None => "by another program".to_owned(),
    };
    Failure::other(format!(
        "port {port} is taken {by}; stop it, or choose another with --port N (0: any free one)"
    ))
}

/// Who listens on a port, as far as we may see: process and name.
fn holder(port: u16) -> Option<(u32, String)> {
    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_sockets(&table, port))
        .collect();
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Ok(id) = process.file_name().to_string_lossy().parse::<u32>() else { continue };
        for descriptor in fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten() {
            let Ok(target) = fs::read_link(descriptor.path()) else { continue };
            if sockets.iter().any(|socket| target.as_os_str() == socket.as_str()) {
                let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
                return Some((id, name.trim().to_owned()));
            }
        }
    }
    None
}

/// `socket:[INODE]` of each listening socket on a port, from a table of `/proc/net`.
fn listening_sockets(table: &str, port: u16) -> Vec<String> {
    let wanted = format!(":{port:04X}");
    let of_line = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
        (local.ends_with(&wanted) && *state == "0A").then(|| format!("socket:[{inode}]"))
    };
    table.lines().skip(1).filter_map(of_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_sockets_are_found() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:223D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n   \
            1: 0100007F:223D 0100007F:8000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0\n";
        assert_eq!(listening_sockets(table, 8765), ["socket:[4711]"]);
        assert_eq!(listening_sockets(table, 80), Vec::<String>::new());
    }

    #[test]
    fn a_taken_port_is_told_with_its_holder() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let failure = choose(Some(port), None).unwrap_err();
        assert!(
            failure.message.contains(&format!("(process {})", std::process::id())),
            "{}",
            failure.message
        );
    }
}
