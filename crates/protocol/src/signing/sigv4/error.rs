//! Why a request carries no readable signature. The texts are AWS's; codes and statuses are the server's affair.

/// A signature that cannot be read. (One that can be read and is wrong is `false` of `verify`.)
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Neither an `Authorization` header nor a presigned query.
    #[error("Missing Authentication Token")]
    MissingAuthentication,
    /// Another scheme or algorithm than `AWS4-HMAC-SHA256`.
    #[error("Unsupported AWS 'algorithm': '{found}'.")]
    UnsupportedAlgorithm {
        /// Its name: at most 32 printable characters of what came.
        found: String,
    },
    /// Parts are absent or empty.
    #[error("{}", incomplete(missing, *presigned))]
    Incomplete {
        /// `Credential`, `Signature`, `SignedHeaders`, `X-Amz-Date`; in the query form with `X-Amz-` before each.
        missing: Vec<&'static str>,
        /// Whether the query form was used.
        presigned: bool,
    },
    /// The credential has not five parts.
    #[error("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")]
    MalformedCredential,
    /// The credential does not end in `aws4_request`.
    #[error("Credential should be scoped with a valid terminator: '{TERMINATOR}'.", TERMINATOR = super::TERMINATOR)]
    Terminator,
    /// The time is not `yyyymmddThhmmssZ` (nor, in a `Date` header, an HTTP date).
    #[error("Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601")]
    MalformedDate,
    /// The day of the credential is not the day of the time.
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
         '{credential}' != '{request}'."
    )]
    DateMismatch {
        /// `yyyymmdd` of the credential: eight digits.
        credential: String,
        /// `yyyymmdd` of the request.
        request: String,
    },
    /// A header that decides what the request does, or where it goes, is not covered by the signature.
    #[error("'{name}' must be a 'SignedHeader' in the AWS Authorization.")]
    HeaderNotSigned {
        /// Its name in lower case.
        name: &'static str,
    },
    /// `X-Amz-Expires` is not a number of seconds from 0 to 604800.
    #[error("X-Amz-Expires must be a number of seconds, at most a week")]
    MalformedExpires,
    /// A parameter appears twice, or text is no UTF-8.
    #[error("Authorization is malformed")]
    Malformed,
}

fn incomplete(missing: &[&'static str], presigned: bool) -> String {
    let sentences = missing.iter().map(|name| match (presigned, *name) {
        (false, "X-Amz-Date") => {
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned()
        }
        (false, name) => format!("Authorization header requires '{name}' parameter."),
        (true, name) => format!("AWS query-string parameters must include '{name}'."),
    });
    sentences.collect::<Vec<_>>().join(" ")
}
