//! The fields of a line: names and plain values, bounded in number and size.

use super::{FIELD_BYTES_MAX, FIELDS_MAX, MORE_FIELDS, cut};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The value of a field. Anything that is not exact as an `i64` or a bool is text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FieldValue {
    Integer(i64),
    Bool(bool),
    Text(String),
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::Text(cut(text, FIELD_BYTES_MAX))
    }
}

impl From<i64> for FieldValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u64> for FieldValue {
    fn from(value: u64) -> Self {
        match i64::try_from(value) {
            Ok(value) => Self::Integer(value),
            Err(_) => Self::Text(value.to_string()),
        }
    }
}

impl From<f64> for FieldValue {
    fn from(value: f64) -> Self {
        Self::Text(value.to_string())
    }
}

impl From<bool> for FieldValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Names are distinct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, FieldValue)>);

impl Fields {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn as_slice(&self) -> &[(String, FieldValue)] {
        &self.0
    }

    /// The name of the count is ours: a field of that name gets another one.
    pub(super) fn set(&mut self, mut name: String, value: FieldValue) {
        if name == MORE_FIELDS {
            name.push('_');
        }
        if let Some(field) = self.0.iter_mut().find(|(known, _)| *known == name) {
            field.1 = value;
        } else if self.0.len() < FIELDS_MAX {
            self.0.push((name, value));
        } else if let Some((_, FieldValue::Integer(count))) =
            (self.0.get_mut(FIELDS_MAX)).filter(|(name, _)| name == MORE_FIELDS)
        {
            *count += 1;
        } else {
            self.0
                .push((MORE_FIELDS.to_owned(), FieldValue::Integer(1)));
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of fields")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields, M::Error> {
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if fields.iter().any(|(known, _)| *known == name) {
                        return Err(de::Error::custom(format!("field `{name}` stands twice")));
                    }
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl<'de> Deserialize<'de> for FieldValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl Visitor<'_> for ValueVisitor {
            type Value = FieldValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number of 64 bits or a bool")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<FieldValue, E> {
                Ok(FieldValue::Bool(value))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<FieldValue, E> {
                Ok(FieldValue::Integer(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<FieldValue, E> {
                let integer = i64::try_from(value).map_err(|_| {
                    E::invalid_value(de::Unexpected::Unsigned(value), &ValueVisitor)
                })?;
                Ok(FieldValue::Integer(integer))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<FieldValue, E> {
                Ok(FieldValue::Text(value.to_owned()))
            }
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}
