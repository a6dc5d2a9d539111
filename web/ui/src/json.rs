//! The server's answers, out of their JSON.
//!
//! What serde derives for a type is compiled together with the reader that it is used with, once for each
//! type. With `serde_json`'s own reader each of these copies holds a piece of a parser and the words for
//! all that can be wrong. Here the text is parsed once, into a tree, and what is compiled for a type
//! only takes the tree apart.

mod tree;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use std::fmt;
use std::slice;
use tree::Tree;

/// `None` of what is not JSON, or not what the API promises.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    T::deserialize(&tree(text)?).ok()
}

fn tree(text: &str) -> Option<Tree> {
    serde_json::from_str(text).ok()
}

/// Nobody reads what exactly is wrong, and words for it would be compiled for every type.
#[derive(Debug)]
struct NotAsPromised;

impl fmt::Display for NotAsPromised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not what the API promises")
    }
}

impl std::error::Error for NotAsPromised {}

impl de::Error for NotAsPromised {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for &'de Tree {
    type Error = NotAsPromised;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotAsPromised> {
        match self {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Unsigned(value) => visitor.visit_u64(*value),
            Tree::Negative(value) => visitor.visit_i64(*value),
            // Amounts are texts: no field that is read here is a floating point number.
            Tree::Float => Err(NotAsPromised),
            Tree::Text(text) => visitor.visit_str(text),
            Tree::List(items) => visitor.visit_seq(Items(items.iter())),
            Tree::Object(fields) => visitor.visit_map(Fields(fields)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotAsPromised> {
        match self {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotAsPromised> {
        visitor.visit_newtype_struct(self)
    }

    // A struct could be a list, too: without that way in, no code for it is compiled.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotAsPromised> {
        match self {
            Tree::Object(fields) => visitor.visit_map(Fields(fields)),
            _ => Err(NotAsPromised),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, NotAsPromised> {
        match self {
            Tree::Text(text) => visitor.visit_str(text),
            _ => Err(NotAsPromised),
        }
    }

    // The API's choices are names without contents.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotAsPromised> {
        match self {
            Tree::Text(text) => visitor.visit_enum(StrDeserializer::new(text)),
            _ => Err(NotAsPromised),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, NotAsPromised> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map
    }
}

struct Items<'de>(slice::Iter<'de, Tree>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = NotAsPromised;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, NotAsPromised> {
        match self.0.next() {
            Some(item) => seed.deserialize(item).map(Some),
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// Those that are left; the first one is done with when its value has been read.
struct Fields<'de>(&'de [(Tree, Tree)]);

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = NotAsPromised;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, NotAsPromised> {
        match self.0.first() {
            Some((name, _)) => seed.deserialize(name).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, NotAsPromised> {
        let ((_, value), rest) = self.0.split_first().ok_or(NotAsPromised)?;
        self.0 = rest;
        seed.deserialize(value)
    }
}

#[cfg(test)]
mod tests;
