//! Accepted, rejected or a duplicate, by `datasets/transactions.schema.json` and the few rules
//! beside it that a schema can't express.

use super::raw::RawRecord;
use jiff::Timestamp;
use jsonschema::Validator;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

const BYTES_MAX: usize = 65_536;
const LEVELS_MAX: usize = 16;
const DAY_MS: i64 = 24 * 3600 * 1000;

pub(super) enum Judged {
    Accepted(Box<Sale>),
    Rejected,
    Duplicate,
}

/// What figures are made of.
pub(super) struct Sale {
    pub(super) time_ms: i64,
    pub(super) fields: HashMap<String, String>,
    pub(super) quantity: i64,
    pub(super) hundredths: i64,
}

impl Sale {
    /// Empty where it is absent or null.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// Judges one partition from its first record on.
pub(super) struct Judge {
    schema: Validator,
    reach: u64,
    /// The latest offset of each id that was not rejected.
    seen: HashMap<String, u64>,
}

impl Judge {
    pub(super) fn new(reach: u64) -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/transactions.schema.json");
        let schema = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        Self {
            schema: jsonschema::validator_for(&schema).unwrap(),
            reach,
            seen: HashMap::new(),
        }
    }

    pub(super) fn judge(&mut self, record: &RawRecord) -> Judged {
        let Some(sale) = self.read(record) else {
            return Judged::Rejected;
        };
        let id = sale.field("event_id").to_owned();
        match self.seen.insert(id, record.offset) {
            Some(earlier) if record.offset - earlier <= self.reach => Judged::Duplicate,
            _ => Judged::Accepted(Box::new(sale)),
        }
    }

    fn read(&self, record: &RawRecord) -> Option<Sale> {
        if record.bytes.len() > BYTES_MAX {
            return None;
        }
        let text = std::str::from_utf8(&record.bytes).ok()?;
        if levels(text) > LEVELS_MAX {
            return None;
        }
        let Fields(fields) = serde_json::from_str(text).ok()?;
        let mut object = serde_json::Map::new();
        for (name, raw) in known_fields(&fields) {
            // Plain digits as written: what would be a float for the schema becomes a string.
            let value = match (name.as_str(), raw.get().as_bytes()[0]) {
                ("quantity" | "order_line", b'0'..=b'9' | b'-') => {
                    if !raw.get().bytes().all(|byte| byte.is_ascii_digit()) {
                        return None;
                    }
                    serde_json::from_str(raw.get()).ok()?
                }
                ("unit_price" | "amount", b'0'..=b'9' | b'-') => Value::from(raw.get()),
                _ => serde_json::from_str(raw.get()).ok()?,
            };
            if object.insert(name.clone(), value).is_some() {
                return None;
            }
        }
        let object = Value::Object(object);
        if !self.schema.is_valid(&object) {
            return None;
        }
        let time: Timestamp = object["event_time"].as_str()?.parse().ok()?;
        let time_ms = time.as_millisecond();
        if time_ms - record.timestamp_ms > DAY_MS {
            return None;
        }
        let fields = object.as_object()?.iter();
        let fields =
            fields.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Some(Sale {
            time_ms,
            fields: fields.collect(),
            quantity: object["quantity"].as_i64()?,
            hundredths: hundredths(object["amount"].as_str()?),
        })
    }
}

/// Others are ignored, and may stand twice.
fn known_fields(
    fields: &[(String, Box<RawValue>)],
) -> impl Iterator<Item = &(String, Box<RawValue>)> {
    const KNOWN: [&str; 19] = [
        "event_id",
        "event_time",
        "order_id",
        "order_line",
        "customer_id",
        "customer_name",
        "product_id",
        "product_name",
        "category",
        "merchant",
        "quantity",
        "unit_price",
        "amount",
        "currency",
        "country",
        "city",
        "channel",
        "payment_method",
        "status",
    ];
    fields
        .iter()
        .filter(|(name, _)| KNOWN.contains(&name.as_str()))
}

/// `12`, `12.5` and `12.50`.
fn hundredths(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

/// How deep brackets stand inside one another, outside of strings.
fn levels(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// An object with every field that it has, also those that stand twice.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
