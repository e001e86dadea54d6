//! Sends the whole output of a step to the server, when the job says where and the reply shows only its beginning.

use crate::api::{Api, ApiError, Call, Content, Refusal, Signer};
use crate::command::event::Outcome;
use crate::command::folder::CommandFolder;
use crate::credentials::Keeper;
use crate::endpoint::Endpoint;
use aws_lc_rs::digest::{Context, SHA256};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

/// Tries for each stream.
const TRIES: u32 = 3;
/// Time for any upload, and more for each MiB.
const BASE_LIMIT: Duration = Duration::from_secs(60);
/// Slowest link that is waited for: one MiB in this time.
const PER_MIB: Duration = Duration::from_secs(4);
/// Bytes hashed before others get their turn.
const CHUNK: usize = 256 * 1024;

/// Where outputs go.
pub(super) struct Uploader<'a> {
    /// Sends.
    pub(super) api: &'a Api,
    /// Signs.
    pub(super) keeper: &'a Keeper,
    /// The server.
    pub(super) endpoint: &'a Endpoint,
}

impl Uploader<'_> {
    /// Sends those streams of a step that are longer than its reply shows. Failing is told in the log and is no
    /// reason to hold the reply back.
    pub(super) async fn send(&self, prefix: &str, folder: &CommandFolder, step: usize, outcome: &Outcome) {
        for (stream, wanted) in [("stdout", outcome.more_stdout), ("stderr", outcome.more_stderr)] {
            if !wanted {
                continue;
            }
            let path = format!("{prefix}/{}/{stream}", percent_encode(&outcome.id));
            if let Err(error) = self.send_file(&path, &folder.output(step, &outcome.id, stream)).await {
                tracing::warn!("the whole {stream} of step {} stays on this node only: {error}", outcome.id);
            }
        }
    }

    async fn send_file(&self, path: &str, file: &Path) -> Result<(), ApiError> {
        let local = |error: io::Error| ApiError::Local(format!("{}: {error}", file.display()));
        let mut content = hashed(file).await.map_err(local)?;
        let Content::File { length, sha256, .. } = &mut content else { return Ok(()) };
        let limit = BASE_LIMIT + PER_MIB * u32::try_from(*length >> 20).unwrap_or(u32::MAX);
        let (length, sha256) = (length.to_string(), sha256.clone());
        let call = Call {
            endpoint: self.endpoint,
            method: "PUT",
            path,
            query: "",
            service: "ssmmessages",
            headers: &[
                ("content-length", &length),
                ("content-type", "application/octet-stream"),
                ("x-amz-content-sha256", &sha256),
            ],
            limit,
        };
        let mut tried = 0;
        loop {
            tried += 1;
            let credentials = self.keeper.get().await;
            let error = match self.api.send(&call, Signer::Credentials(&credentials), &content).await {
                Ok(answer) if answer.status.is_success() => return Ok(()),
                Ok(answer) => ApiError::from(Refusal::of(&answer)),
                Err(error) => error,
            };
            self.keeper.distrust(&error);
            let hopeless =
                matches!(&error, ApiError::Refused(refusal) if matches!(refusal.status, 404 | 405 | 413));
            if tried == TRIES || hopeless {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_secs(1 << tried)).await;
        }
    }
}

/// Opens a file and hashes it, piece by piece so that pings and other commands are not held up.
async fn hashed(path: &Path) -> io::Result<Content> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut length = 0;
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        context.update(buffer.get(..count).unwrap_or_default());
        length += count as u64;
        tokio::task::yield_now().await;
    }
    Ok(Content::File { file, length, sha256: hex::encode(context.finish()) })
}

/// Encodes all but unreserved characters.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_names_become_one_path_segment() {
        assert_eq!(percent_encode("aws:run/é"), "aws%3Arun%2F%C3%A9");
    }

    #[tokio::test]
    async fn hashes_whole_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, vec![b'a'; 1_000_000]).unwrap();
        let Content::File { length, sha256, .. } = hashed(&path).await.unwrap() else { panic!("not a file") };
        assert_eq!(length, 1_000_000);
        assert_eq!(sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
}
