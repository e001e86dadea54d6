//! Reading a JSON object whose keys come in any case, as Go's decoder does. Not for: nested objects.

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// Reads `T`, a struct, with its keys in any case and nulls as absent.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    T::deserialize(AnyCase(serde_json::from_slice(bytes)?))
}

struct AnyCase(Map<String, Value>);

impl<'de> Deserializer<'de> for AnyCase {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        Value::Object(self.0).deserialize_any(visitor)
    }

    // The derived code tells the names that it knows here.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let mut known = Map::with_capacity(self.0.len());
        for (key, value) in self.0 {
            if value.is_null() {
                continue;
            }
            if let Some(field) = fields.iter().find(|field| field.eq_ignore_ascii_case(&key)) {
                known.insert((*field).to_owned(), value);
            }
        }
        Value::Object(known).deserialize_struct(name, fields, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
