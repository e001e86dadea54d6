//! The four kinds of value that both engines share, and a row of them.
//!
//! Booleans are 0 and 1, times are epoch milliseconds, JSON is text. There are no floating-point numbers, no
//! database times and no arrays: each engine has its own idea of those.

use super::StoreError;
use muster_ids::{AccountId, ActivationId, CommandId, ConnectionId, JobId, ManagedNodeId, Region, ReplicaId};
use serde::{Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt, str::FromStr};

/// A parameter of a statement or a column of a row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// SQL NULL, of any type.
    Null,
    /// A whole number, a boolean (0, 1) or a time (epoch milliseconds).
    Int(i64),
    /// UTF-8 text without NUL characters: PostgreSQL cannot hold them, so neither engine takes them.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// The JSON text of something serialisable.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Value, StoreError> {
        serde_json::to_string(value)
            .map(Value::Text)
            .map_err(|e| StoreError::Corrupt(format!("a value cannot be written as JSON: {e}")))
    }

    fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Int(_) => "a number",
            Value::Text(_) => "a text",
            Value::Blob(_) => "bytes",
        }
    }
}

/// Shows numbers, but of texts and bytes the length only: they may be secrets.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("Null"),
            Value::Int(n) => write!(f, "Int({n})"),
            Value::Text(s) => write!(f, "Text({} bytes)", s.len()),
            Value::Blob(b) => write!(f, "Blob({} bytes)", b.len()),
        }
    }
}

macro_rules! value_from {
    ($($from:ty => |$value:ident| $into:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Value {
                $into
            }
        })*
    };
}

value_from! {
    i64 => |v| Value::Int(v);
    i32 => |v| Value::Int(v.into());
    u32 => |v| Value::Int(v.into());
    u16 => |v| Value::Int(v.into());
    u8 => |v| Value::Int(v.into());
    bool => |v| Value::Int(v.into());
    &str => |v| Value::Text(v.to_owned());
    String => |v| Value::Text(v);
    &String => |v| Value::Text(v.clone());
    Box<str> => |v| Value::Text(v.into());
    Cow<'_, str> => |v| Value::Text(v.into_owned());
    Vec<u8> => |v| Value::Blob(v);
    &[u8] => |v| Value::Blob(v.to_vec());
}

macro_rules! value_from_ids {
    ($($id:ty),*) => {
        $(impl From<&$id> for Value {
            fn from(id: &$id) -> Value {
                Value::Text(id.as_str().to_owned())
            }
        })*
    };
}

value_from_ids!(AccountId, ActivationId, CommandId, ConnectionId, JobId, ManagedNodeId, Region, ReplicaId);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Makes the parameters of a statement: `params![account, 5, None::<String>]` is a `Vec<Value>`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}

/// One row of a result. Columns are read by their position in the SELECT or RETURNING list, from 0; a column of
/// another kind than asked for is [`StoreError::Corrupt`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row(Vec<Value>);

impl Row {
    pub(super) fn new(values: Vec<Value>) -> Row {
        Row(values)
    }

    /// The columns, in order.
    pub fn into_values(self) -> Vec<Value> {
        self.0
    }

    /// A text that is never null.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self.get(column)? {
            Value::Text(s) => Ok(s),
            other => Err(wrong_kind(column, "a text", other)),
        }
    }

    /// A text or null.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        if self.is_null(column)? { Ok(None) } else { self.text(column).map(Some) }
    }

    /// A number that is never null.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        match self.get(column)? {
            Value::Int(n) => Ok(*n),
            other => Err(wrong_kind(column, "a number", other)),
        }
    }

    /// A number or null.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        if self.is_null(column)? { Ok(None) } else { self.int(column).map(Some) }
    }

    /// A boolean, stored as 0 or 1.
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            n => Err(StoreError::Corrupt(format!("column {column} holds {n} where 0 or 1 is expected"))),
        }
    }

    /// Bytes that are never null.
    pub fn blob(&self, column: usize) -> Result<&[u8], StoreError> {
        match self.get(column)? {
            Value::Blob(b) => Ok(b),
            other => Err(wrong_kind(column, "bytes", other)),
        }
    }

    /// Bytes or null.
    pub fn opt_blob(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        if self.is_null(column)? { Ok(None) } else { self.blob(column).map(Some) }
    }

    /// A text read into a type of its own, such as an id.
    pub fn parse<T: FromStr>(&self, column: usize) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| {
            StoreError::Corrupt(format!("column {column} is not a valid {}", std::any::type_name::<T>()))
        })
    }

    /// As [`Row::parse`], where the column may be null.
    pub fn opt_parse<T: FromStr>(&self, column: usize) -> Result<Option<T>, StoreError> {
        if self.is_null(column)? { Ok(None) } else { self.parse(column).map(Some) }
    }

    /// A JSON text read into a type of its own.
    pub fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T, StoreError> {
        // The parser's own message may quote the text, so it is left out.
        serde_json::from_str(self.text(column)?).map_err(|e| {
            StoreError::Corrupt(format!(
                "column {column} does not hold the JSON of {} (at character {})",
                std::any::type_name::<T>(),
                e.column()
            ))
        })
    }

    /// As [`Row::json`], where the column may be null.
    pub fn opt_json<T: DeserializeOwned>(&self, column: usize) -> Result<Option<T>, StoreError> {
        if self.is_null(column)? { Ok(None) } else { self.json(column).map(Some) }
    }

    fn is_null(&self, column: usize) -> Result<bool, StoreError> {
        self.get(column).map(|v| *v == Value::Null)
    }

    fn get(&self, column: usize) -> Result<&Value, StoreError> {
        self.0.get(column).ok_or_else(|| {
            StoreError::Corrupt(format!("column {column} is asked of a row with {} columns", self.0.len()))
        })
    }
}

fn wrong_kind(column: usize, wanted: &str, found: &Value) -> StoreError {
    StoreError::Corrupt(format!("column {column} holds {} where {wanted} is expected", found.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_texts_and_bytes() {
        let row = Row::new(params!["hunter2", b"hunter2".as_slice(), 7, None::<i64>]);
        let shown = format!("{row:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("Int(7)") && shown.contains("Null"), "{shown}");
    }

    #[test]
    fn columns_are_read_by_kind() {
        let row = Row::new(params!["a", 1, Vec::<u8>::new(), None::<String>, 2, "[1,2]"]);
        assert_eq!(row.text(0), Ok("a"));
        assert_eq!(row.bool(1), Ok(true));
        assert_eq!(row.blob(2), Ok(&[][..]));
        assert_eq!(row.opt_text(3), Ok(None));
        assert_eq!(row.opt_int(4), Ok(Some(2)));
        assert_eq!(row.json::<Vec<u8>>(5), Ok(vec![1, 2]));
        assert_eq!(row.opt_parse::<i64>(3), Ok(None));
        for wrong in [row.text(1).err(), row.text(3).err(), row.text(9).err(), row.bool(4).err()] {
            assert!(matches!(wrong, Some(StoreError::Corrupt(_))), "{wrong:?}");
        }
    }

    #[test]
    fn an_unreadable_column_is_not_quoted_in_the_error() {
        let row = Row::new(params!["hunter2"]);
        for error in [row.parse::<i64>(0).map(|_| ()), row.json::<Vec<i64>>(0).map(|_| ())] {
            assert!(!error.unwrap_err().to_string().contains("hunter2"));
        }
    }
}
