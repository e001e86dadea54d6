//! SHA-256, in the two forms that the wire has. Not for: keyed hashes (see [`crate::signing`]).

use aws_lc_rs::digest::{SHA256, digest};

/// The digest in bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    output.copy_from_slice(digest(&SHA256, bytes).as_ref());
    output
}

/// The digest in lower-case hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(sha256(bytes))
}
