//! The parts of an HTTP request that signatures cover. Not for: bodies, which come in as a hash.

/// A request as it stands on the wire: nothing decoded, nothing normalised.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Path, still percent-encoded, without the query: `/v1/control-channel/mi-0123456789abcdef0`.
    pub path: &'a str,
    /// Query, still percent-encoded, without `?`; empty when there is none.
    pub query: &'a str,
    /// Header names in any case, with repeats, in order. With HTTP/2, `host` holds the authority.
    pub headers: Vec<(&'a str, &'a str)>,
}

impl<'a> Request<'a> {
    /// A view of a request.
    pub fn new(
        method: &'a str,
        path: &'a str,
        query: &'a str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self { method, path, query, headers: headers.into_iter().collect() }
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.header_values(name).next()
    }

    /// All headers of this name, in order.
    pub(crate) fn header_values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}
