//! Shapes as static tables: what a member is, what its values must satisfy, where it stands on the wire.

/// A shape of a service model.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// An object with named members.
    Structure(&'static Structure),
    /// A sequence.
    List(&'static ListShape),
    /// A map from strings.
    Map(&'static MapShape),
    /// Text, maybe an enumeration.
    String(&'static StringShape),
    /// A 32-bit whole number.
    Integer(Bounds),
    /// A 64-bit whole number.
    Long(Bounds),
    /// A 64-bit floating point number.
    Double(Bounds),
    /// A truth value.
    Boolean,
    /// A point in time.
    Timestamp(TimestampFormat),
    /// Bytes, base64 in text protocols.
    Blob(&'static BlobShape),
}

impl Shape {
    /// Whether values of this shape must never be printed in logs, errors or audit records.
    /// Says nothing of what stands inside a structure, list or map.
    pub const fn is_sensitive(&self) -> bool {
        match self {
            Self::Structure(shape) => shape.sensitive,
            Self::List(shape) => shape.sensitive,
            Self::Map(shape) => shape.sensitive,
            Self::String(shape) => shape.sensitive,
            Self::Blob(shape) => shape.sensitive,
            Self::Integer(_) | Self::Long(_) | Self::Double(_) | Self::Boolean | Self::Timestamp(_) => false,
        }
    }
}

/// Inclusive bounds: of a number's value, or of a length in characters, bytes or elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The least allowed.
    pub min: Option<i64>,
    /// The greatest allowed.
    pub max: Option<i64>,
}

impl Bounds {
    /// No bounds.
    pub const NONE: Self = Self { min: None, max: None };

    /// From `min` on, without an end.
    pub const fn at_least(min: i64) -> Self {
        Self { min: Some(min), max: None }
    }

    /// Up to `max`.
    pub const fn at_most(max: i64) -> Self {
        Self { min: None, max: Some(max) }
    }

    /// From `min` to `max`.
    pub const fn between(min: i64, max: i64) -> Self {
        Self { min: Some(min), max: Some(max) }
    }
}

/// What text must satisfy beyond its length.
#[derive(Debug, Clone, Copy)]
pub enum Constraint {
    /// Nothing.
    Any,
    /// The whole value must match this pattern, written as the model has it.
    Pattern(&'static str),
    /// One of these values, in the model's order.
    Enum(&'static [&'static str]),
}

/// A text shape.
#[derive(Debug)]
pub struct StringShape {
    /// The model's name of the shape.
    pub name: &'static str,
    /// Length in characters.
    pub length: Bounds,
    /// Pattern or enumeration.
    pub constraint: Constraint,
    /// Never printed in logs, errors or audit records.
    pub sensitive: bool,
}

/// A shape of bytes.
#[derive(Debug)]
pub struct BlobShape {
    /// The model's name of the shape.
    pub name: &'static str,
    /// Length in bytes, before base64.
    pub length: Bounds,
    /// Never printed.
    pub sensitive: bool,
}

/// A list shape.
#[derive(Debug)]
pub struct ListShape {
    /// The model's name of the shape.
    pub name: &'static str,
    /// The shape of each element.
    pub member: Shape,
    /// The element's name in XML and Query; `None` means `member`.
    pub member_name: Option<&'static str>,
    /// Elements stand directly under the list's own name in XML and Query.
    pub flattened: bool,
    /// Number of elements.
    pub length: Bounds,
    /// Never printed.
    pub sensitive: bool,
}

/// A map shape.
#[derive(Debug)]
pub struct MapShape {
    /// The model's name of the shape.
    pub name: &'static str,
    /// The shape of each key.
    pub key: &'static StringShape,
    /// The shape of each value.
    pub value: Shape,
    /// Entries stand directly under the map's own name in XML and Query.
    pub flattened: bool,
    /// Number of entries.
    pub length: Bounds,
    /// Never printed.
    pub sensitive: bool,
}

/// A structure shape.
#[derive(Debug)]
pub struct Structure {
    /// The model's name of the shape.
    pub name: &'static str,
    /// Members in the model's order.
    pub members: &'static [Member],
    /// Never printed.
    pub sensitive: bool,
}

impl Structure {
    /// The member of this name, compared as the model writes it.
    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// The model's name of the member, which is also its JSON key.
    pub name: &'static str,
    /// Its name in other protocols (`locationName`), if the model gives one.
    pub location_name: Option<&'static str>,
    /// Where it stands in REST protocols.
    pub location: Location,
    /// Its shape.
    pub shape: Shape,
    /// Must be present.
    pub required: bool,
    /// Filled with a fresh UUID by SDKs when absent.
    pub idempotency_token: bool,
}

impl Member {
    /// A member that may be absent, in the body under its own name.
    pub const fn optional(name: &'static str, shape: Shape) -> Self {
        Self {
            name,
            location_name: None,
            location: Location::Body,
            shape,
            required: false,
            idempotency_token: false,
        }
    }

    /// A member that must be present, in the body under its own name.
    pub const fn required(name: &'static str, shape: Shape) -> Self {
        Self { required: true, ..Self::optional(name, shape) }
    }

    /// The same member under another name in protocols other than JSON.
    pub const fn location_name(self, name: &'static str) -> Self {
        Self { location_name: Some(name), ..self }
    }

    /// The same member elsewhere in REST protocols.
    pub const fn location(self, location: Location) -> Self {
        Self { location, ..self }
    }

    /// The same member, filled by SDKs when absent.
    pub const fn idempotency_token(self) -> Self {
        Self { idempotency_token: true, ..self }
    }
}

/// Where a member stands in a REST request or response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the body, or anywhere in the JSON and Query protocols.
    Body,
    /// In the path.
    Uri,
    /// In the query string.
    QueryString,
    /// In a header.
    Header,
    /// In headers that share a prefix.
    Headers,
    /// The status code of the response.
    StatusCode,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampFormat {
    /// The protocol's default: a number in JSON, ISO 8601 in Query and XML bodies.
    Default,
    /// Seconds since the epoch, as a number.
    UnixTimestamp,
    /// ISO 8601, UTC.
    Iso8601,
    /// RFC 822, as in HTTP headers.
    Rfc822,
}
