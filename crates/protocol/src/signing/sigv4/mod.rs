//! AWS Signature Version 4: header and presigned form, session tokens, both directions.
//!
//! A checker calls [`SignedRequest::parse`], finds the secret, checks time, expiry and scope against its clock and its
//! endpoint, and calls [`SignedRequest::verify`] with the derived key (which may be cached per secret, day, region and
//! service). A client calls [`sign`] or [`presign`]. Source: the `SigV4` pages of the AWS general reference, and the
//! behaviour of botocore and the Go SDK where those differ. Not for: chunked bodies; the hash of the body is passed in.

mod canonical;
mod credentials;
mod error;
mod parse;
mod sign;
#[cfg(test)]
mod tests;

pub use canonical::{PathEncoding, canonical_request, string_to_sign};
pub use credentials::{Credentials, SigningKey, derive_key};
pub use error::SignatureError;
pub use parse::SignedRequest;
pub(crate) use sign::{authorization, day_and_scope, with_date};
pub use sign::{presign, sign};

/// The algorithm's name; also that of the RSA form.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What stands for the hash of a body that is not signed (S3 over TLS, presigned S3).
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// The hash of no body.
pub const EMPTY_PAYLOAD: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The end of every credential scope.
pub(crate) const TERMINATOR: &str = "aws4_request";

/// The hash of a body: lower-case hexadecimal SHA-256.
pub fn payload_hash(body: &[u8]) -> String {
    crate::digest::sha256_hex(body)
}
