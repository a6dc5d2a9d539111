//! From a record's bytes to an event, or to the reason why not.

use super::amount::Amount;
use super::quick;
use super::rejection::{Flaw, Rejection, excerpt};
use super::time::EventTime;
use super::values::{OrderLine, Quantity};
use super::words::{Channel, Field, PaymentMethod, Status};
use super::{CustomerId, Event, EventId, Label, OrderId, ProductId};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The most bytes of a record, unknown fields included.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;
/// The most levels of objects and arrays, the record itself included.
pub const EVENT_DEPTH_MAX: usize = 16;

/// Judges one record by its bytes alone. Fields that are not in the schema are ignored.
///
/// These rules go beyond what the JSON Schema can say:
/// - a record has at most [`EVENT_BYTES_MAX`] bytes, is UTF-8 without byte order mark, and opens at
///   most [`EVENT_DEPTH_MAX`] levels;
/// - no field of the schema stands twice in it;
/// - numbers are written in plain digits: no exponent, and no point in a whole number;
/// - an amount has at most two decimals as written, trailing zeros included.
pub fn read_event(bytes: &[u8]) -> Result<Event<'_>, Rejection> {
    let text = check_text(bytes)?;
    match quick::read(text) {
        Some(event) => Ok(event),
        None => read_fully(text),
    }
}

/// Reads any JSON, and says what is wrong with it.
pub(super) fn read_fully(text: &str) -> Result<Event<'_>, Rejection> {
    let draft = Draft::read(check_shape(text)?)?;
    Ok(Event {
        event_id: draft.text(Field::EventId, EventId::parse)?,
        event_time: draft.text(Field::EventTime, |text| EventTime::parse(&text))?,
        order_id: draft.text(Field::OrderId, OrderId::parse)?,
        order_line: draft.number(Field::OrderLine, OrderLine::parse)?,
        customer_id: draft.optional_text(Field::CustomerId, CustomerId::parse)?,
        customer_name: draft.optional_text(Field::CustomerName, Label::parse)?,
        product_id: draft.text(Field::ProductId, ProductId::parse)?,
        product_name: draft.text(Field::ProductName, Label::parse)?,
        category: draft.text(Field::Category, Label::parse)?,
        merchant: draft.text(Field::Merchant, Label::parse)?,
        quantity: draft.number(Field::Quantity, Quantity::parse)?,
        unit_price: draft.amount(Field::UnitPrice)?,
        amount: draft.amount(Field::Amount)?,
        currency: draft.text(Field::Currency, |text| {
            let bad_currency = |_| Flaw::Currency {
                value: excerpt(&text),
            };
            text.parse().map_err(bad_currency)
        })?,
        country: draft.text(Field::Country, Label::parse)?,
        city: draft.text(Field::City, Label::parse)?,
        channel: draft.word(Field::Channel, Channel::from_word, Channel::WORDS)?,
        payment_method: draft.word(
            Field::PaymentMethod,
            PaymentMethod::from_word,
            PaymentMethod::WORDS,
        )?,
        status: draft.word(Field::Status, Status::from_word, Status::WORDS)?,
    })
}

fn check_text(bytes: &[u8]) -> Result<&str, Rejection> {
    if bytes.len() > EVENT_BYTES_MAX {
        return Err(Rejection::TooLarge {
            bytes: bytes.len() as u64,
        });
    }
    std::str::from_utf8(bytes).map_err(|error| Rejection::NotUtf8 {
        at: error.valid_up_to(),
    })
}

/// The check that bounds the depth of all later ones.
fn check_shape(text: &str) -> Result<&str, Rejection> {
    if text.as_bytes().trim_ascii().is_empty() {
        return Err(Rejection::Empty);
    }
    match opens_too_deep(text.as_bytes()) {
        None => Ok(text),
        Some(at) => Err(Rejection::TooDeep { at }),
    }
}

/// The first bracket that opens more than the allowed levels. A usual event has one bracket at
/// all, so counting them spares it the walk through its strings.
fn opens_too_deep(bytes: &[u8]) -> Option<usize> {
    let brackets = bytes
        .iter()
        .filter(|byte| matches!(byte, b'{' | b'['))
        .count();
    if brackets <= EVENT_DEPTH_MAX {
        return None;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' if depth == EVENT_DEPTH_MAX => return Some(at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The JSON text of each field, untouched: digits reach us as they were written.
struct Draft<'a> {
    values: [Option<&'a str>; Field::ALL.len()],
    repeated: Option<Field>,
}

impl<'a> Draft<'a> {
    fn read(text: &'a str) -> Result<Self, Rejection> {
        let mut draft = Self {
            values: [None; Field::ALL.len()],
            repeated: None,
        };
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_map(&mut draft)
            .and_then(|()| json.end())
            .map_err(|error| match error.classify() {
                // Syntax is all that values can break here: only the outermost type is asked for.
                Category::Data => Rejection::NotAnObject,
                _ => Rejection::NotJson {
                    detail: error.to_string(),
                },
            })?;
        match draft.repeated {
            None => Ok(draft),
            Some(field) => Err(Rejection::Field {
                field,
                flaw: Flaw::Repeated,
            }),
        }
    }

    /// A null is an absent field.
    fn value(&self, field: Field) -> Option<&'a str> {
        self.values[field as usize].filter(|json| *json != "null")
    }

    fn required<T>(
        &self,
        field: Field,
        read: impl FnOnce(&'a str) -> Result<T, Flaw>,
    ) -> Result<T, Rejection> {
        self.value(field)
            .ok_or(Flaw::Missing)
            .and_then(read)
            .map_err(|flaw| Rejection::Field { field, flaw })
    }

    fn text<T>(
        &self,
        field: Field,
        parse: impl FnOnce(Cow<'a, str>) -> Result<T, Flaw>,
    ) -> Result<T, Rejection> {
        self.required(field, |json| parse(string(json, "a string")?))
    }

    fn optional_text<T>(
        &self,
        field: Field,
        parse: impl FnOnce(Cow<'a, str>) -> Result<T, Flaw>,
    ) -> Result<Option<T>, Rejection> {
        match self.value(field) {
            None => Ok(None),
            Some(_) => self.text(field, parse).map(Some),
        }
    }

    fn word<T>(
        &self,
        field: Field,
        from_word: fn(&str) -> Option<T>,
        known: &'static [&'static str],
    ) -> Result<T, Rejection> {
        self.text(field, |word| {
            from_word(&word).ok_or_else(|| Flaw::Unknown {
                value: excerpt(&word),
                known,
            })
        })
    }

    fn number<T>(&self, field: Field, parse: fn(&str) -> Result<T, Flaw>) -> Result<T, Rejection> {
        self.required(field, |json| parse(number(json, "a whole number")?))
    }

    fn amount(&self, field: Field) -> Result<Amount, Rejection> {
        const EXPECTED: &str = "a decimal, as a string or a number";
        self.required(field, |json| {
            if json.starts_with('"') {
                Amount::parse(&string(json, EXPECTED)?)
            } else {
                Amount::parse(number(json, EXPECTED)?)
            }
        })
    }
}

/// The text of a JSON string, borrowed unless something in it is escaped.
fn string<'a>(json: &'a str, expected: &'static str) -> Result<Cow<'a, str>, Flaw> {
    let inner = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.as_bytes().contains(&b'\\') => Ok(Cow::Borrowed(inner)),
        Some(_) => serde_json::from_str(json)
            .map(Cow::Owned)
            .map_err(|_| Flaw::Characters {
                value: excerpt(json),
                allowed: "both halves of an escaped surrogate pair",
            }),
        None => Err(wrong_type(json, expected)),
    }
}

/// The digits of a JSON number.
fn number<'a>(json: &'a str, expected: &'static str) -> Result<&'a str, Flaw> {
    if json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        Ok(json)
    } else {
        Err(wrong_type(json, expected))
    }
}

fn wrong_type(json: &str, expected: &'static str) -> Flaw {
    Flaw::WrongType {
        value: excerpt(json),
        expected,
    }
}

impl<'de> Visitor<'de> for &mut Draft<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            let Some(field) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: &RawValue = map.next_value()?;
            if self.values[field as usize].replace(value.get()).is_some() {
                self.repeated.get_or_insert(field);
            }
        }
        Ok(())
    }
}

/// A key that is a field, or `None`, without allocating either way.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Field::from_word(key))
    }
}
