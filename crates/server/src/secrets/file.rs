//! Small files that hold secrets: written whole, durable, for this user alone. Not for: anything large.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};
use zeroize::Zeroizing;

/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Puts a file in place with mode 0600. It is there whole or not at all, also after a power cut, and nobody else
/// could read it at any moment.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let draft = folder.join(name);
    // A draft is left only by a crash; `create_new` then also means that nobody else opened it before us.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    sync_folder(folder)
}

/// Reads a file that is for this user alone; `None` if there is no such file.
///
/// # Errors
/// `PermissionDenied` if others may read or write it; else what the system says.
pub(crate) fn read_private(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mode = file.metadata()?.mode() & 0o7777;
    if mode & OTHERS != 0 {
        let text = format!("its mode is {mode:04o}: other users may reach it; run chmod 600 on it");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    let mut content = Zeroizing::new(Vec::new());
    io::Read::read_to_end(&mut file, &mut content)?;
    Ok(Some(content))
}

/// Makes a rename or a new file in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
