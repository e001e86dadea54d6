//! [`Value`] as the driver's parameter and column type.

use super::failure::Failure;
use crate::engine::{StoreError, Value};
use bytes::BytesMut;
use std::error::Error;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// Refuses parameters of the wrong number or type before anything is sent.
pub(super) fn check(index: usize, types: &[Type], params: &[Value]) -> Result<(), Failure> {
    let reject = |reason| Err(Failure::Final(StoreError::Rejected { statement: index, reason }));
    if types.len() != params.len() {
        return reject(format!("{} parameters for {}", params.len(), types.len()));
    }
    for (number, (kind, value)) in (1..).zip(types.iter().zip(params)) {
        if !fits(value, kind) {
            return reject(format!("parameter {number} does not fit its type {}", kind.name()));
        }
    }
    Ok(())
}

fn fits(value: &Value, kind: &Type) -> bool {
    match value {
        Value::Null => true,
        Value::Int(n) => match *kind {
            Type::INT8 => true,
            Type::INT4 => i32::try_from(*n).is_ok(),
            Type::INT2 => i16::try_from(*n).is_ok(),
            _ => false,
        },
        Value::Text(_) => is_text(kind),
        Value::Blob(_) => *kind == Type::BYTEA,
    }
}

fn is_text(kind: &Type) -> bool {
    matches!(*kind, Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN)
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(n) if *kind == Type::INT4 => i32::try_from(*n)?.to_sql(kind, out),
            Value::Int(n) if *kind == Type::INT2 => i16::try_from(*n)?.to_sql(kind, out),
            Value::Int(n) => n.to_sql(kind, out),
            Value::Text(s) => s.to_sql(kind, out),
            Value::Blob(b) => b.to_sql(kind, out),
        }
    }

    /// Which value fits which type is known only together with the value: [`check`].
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Value, Box<dyn Error + Sync + Send>> {
        Ok(match *kind {
            Type::INT8 => Value::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => Value::Int(bool::from_sql(kind, raw)?.into()),
            Type::BYTEA => Value::Blob(raw.to_vec()),
            _ => Value::Text(String::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Value, Box<dyn Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(kind: &Type) -> bool {
        is_text(kind) || matches!(*kind, Type::INT8 | Type::INT4 | Type::INT2 | Type::BOOL | Type::BYTEA)
    }
}
