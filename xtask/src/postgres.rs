//! A PostgreSQL server of the tests' own: its own folder, port and password, gone when the tests end, however they end.
//! Not for: databases in it; who tests makes and drops those.

use crate::{Result, console, packages, project, shell};
use std::{
    env, fs,
    io::Read as _,
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A running server. It stops when this is dropped, and also when the process dies without dropping it.
#[derive(Debug)]
pub(crate) struct Postgres {
    /// The folder with `psql` and the rest.
    pub(crate) programs: PathBuf,
    /// Where an administrator connects.
    pub(crate) url: String,
    warden: Child,
}

/// Finds the distribution's PostgreSQL, or installs it; the folder with its programs.
pub(crate) fn provide() -> Result<PathBuf> {
    packages::need("postgresql", "PostgreSQL (or give `--engine sqlite`)", || programs().is_some())?;
    programs().ok_or_else(|| "PostgreSQL has gone".into())
}

/// Starts a server on a free port.
pub(crate) fn start() -> Result<Postgres> {
    let programs = provide()?;
    let step = console::step("Starting PostgreSQL");
    let user = User::choose()?;
    let base = base_folder(&user)?;
    let folder = base.join(std::process::id().to_string());
    let data = folder.join("data");
    remove_leftovers(&base);
    fs::create_dir_all(&folder)?;
    user.own(&folder)?;

    let password = random_word()?;
    let password_file = folder.join("password");
    fs::write(&password_file, &password)?;
    fs::set_permissions(&password_file, fs::Permissions::from_mode(0o600))?;
    user.own(&password_file)?;
    let mut initdb = user.command(&programs.join("initdb"), &base);
    initdb.args(["--username=muster", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]);
    shell::capture(initdb.arg("-D").arg(&data).arg("--pwfile").arg(&password_file))?;

    let port = free_port()?;
    let log = folder.join("postgres.log");
    // Without syncs: tests make and drop hundreds of databases, and none of them outlives this process.
    let options = format!(
        "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 \
         -c shared_buffers=64MB -c fsync=off -c full_page_writes=off"
    );
    // The warden first: from here on nothing is left behind.
    let warden = warden(&user, &programs, &base, &folder)?;
    let url = format!("postgres://muster:{password}@127.0.0.1:{port}/postgres");
    let server = Postgres { programs, url, warden };
    let mut start = user.command(&server.programs.join("pg_ctl"), &base);
    start.args(["start", "--wait", "--silent", "--timeout=60", "--options", &options]);
    // Not captured: the server would keep the pipe open.
    start.arg("-D").arg(&data).arg("--log").arg(&log).stdout(Stdio::null()).stderr(Stdio::null());
    shell::show(&mut start).map_err(|error| {
        let log = fs::read_to_string(&log).unwrap_or_default();
        format!("{error}\n{log}")
    })?;
    step.done();
    Ok(server)
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.warden.stdin.take());
        let _ = self.warden.wait();
    }
}

/// A shell that waits for our end of its standard input to close, which it does whatever ends us, then stops the server
/// and removes its folder. In a process group of its own: Ctrl-C is not for it.
fn warden(user: &User, programs: &Path, base: &Path, folder: &Path) -> Result<Child> {
    const SCRIPT: &str = r#"read -r _
        "$1/pg_ctl" stop -D "$2/data" --mode=fast --wait --silent
        rm -rf "$2""#;
    let mut shell = user.command(Path::new("/bin/sh"), base);
    shell.args(["-c", SCRIPT, "warden"]).arg(programs).arg(folder).process_group(0);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().map_err(|error| format!("cannot start a shell: {error}").into())
}

/// Debian keeps the server's programs out of `PATH`, one folder a release.
fn programs() -> Option<PathBuf> {
    let releases = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = releases
        .filter(|entry| entry.path().join("bin/initdb").is_file())
        .max_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    match newest {
        Some(release) => Some(release.path().join("bin")),
        None => Some(shell::find("initdb")?.canonicalize().ok()?.parent()?.to_path_buf()),
    }
}

/// Whom the server runs as: us, or, as it refuses to run as root, somebody without rights.
#[derive(Debug)]
struct User {
    ids: Option<(u32, u32)>,
}

impl User {
    fn choose() -> Result<Self> {
        if !shell::is_root() {
            return Ok(Self { ids: None });
        }
        let ask = |flag: &str, name: &str| {
            shell::capture(Command::new("id").args([flag, name])).ok().and_then(|id| id.parse().ok())
        };
        let ids =
            ["postgres", "nobody"].into_iter().find_map(|name| Some((ask("-u", name)?, ask("-g", name)?)));
        match ids {
            Some(ids) => Ok(Self { ids: Some(ids) }),
            None => {
                Err("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`".into())
            }
        }
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        command
    }

    fn own(&self, path: &Path) -> Result {
        if let Some((user, group)) = self.ids {
            std::os::unix::fs::chown(path, Some(user), Some(group))?;
        }
        Ok(())
    }
}

/// `target/postgres`; where its user may not go there, as below a root's home, a folder among the temporary files.
fn base_folder(user: &User) -> Result<PathBuf> {
    let preferred = project::scratch("postgres")?;
    let other = env::temp_dir().join(format!("muster-postgres-{}", user.ids.map_or(0, |(id, _)| id)));
    for folder in [preferred, other] {
        fs::create_dir_all(&folder)?;
        user.own(&folder)?;
        if shell::succeeds(user.command(Path::new("test"), Path::new("/")).arg("-w").arg(&folder)) {
            return Ok(folder);
        }
    }
    Err("found no folder that an unprivileged user may write to, for PostgreSQL".into())
}

/// Folders of test runs that are no more.
fn remove_leftovers(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let alive = Path::new("/proc").join(entry.file_name()).exists();
        if !alive {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn random_word() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
