//! Reading the root credentials that a server writes into its data folder. Not for: the rest of AWS's configuration.

use muster_protocol::signing::sigv4::Credentials;
use std::{io, path::Path};

/// The first access key of a shared credentials file.
///
/// # Errors
/// A file that is missing, or holds no key.
pub fn shared_credentials(file: &Path) -> io::Result<Credentials> {
    let text = std::fs::read_to_string(file)?;
    let value = |name: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim().to_owned())
    };
    let missing = || io::Error::new(io::ErrorKind::InvalidData, "no access key in the credentials file");
    let id = value("aws_access_key_id").ok_or_else(missing)?;
    let secret = value("aws_secret_access_key").ok_or_else(missing)?;
    Ok(Credentials::new(id, secret, value("aws_session_token")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_write() {
        let path = std::env::temp_dir().join(format!("credentials-{}", uuid::Uuid::new_v4()));
        std::fs::write(&path, "[default]\naws_access_key_id = AKIA1\naws_secret_access_key = a/b=\n")
            .unwrap();
        let credentials = shared_credentials(&path).unwrap();
        std::fs::write(&path, "[default]\n").unwrap();
        let empty = shared_credentials(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!((credentials.access_key_id.as_str(), credentials.expose_secret()), ("AKIA1", "a/b="));
        assert!(empty.is_err() && shared_credentials(&path).is_err());
    }
}
