//! What a value of a schema may look like. Pure.

use serde_json::{Map, Value, json};

/// Nothing of ours is as deep; a type that holds itself ends here.
const DEPTH_MAX: usize = 12;

/// An example of a schema of `document`.
pub(super) fn of(document: &Value, schema: &Value) -> Value {
    value(document, schema, 0)
}

fn value(document: &Value, schema: &Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    let deeper = |schema: &Value| value(document, schema, depth + 1);
    if let Some(name) = referenced(schema) {
        return deeper(&document["components"]["schemas"][name]);
    }
    for given in [&schema["default"], &schema["enum"][0]] {
        if !given.is_null() {
            return given.clone();
        }
    }
    if let Some(all) = schema["allOf"].as_array() {
        let parts = all.iter().map(deeper);
        let members = parts.filter_map(|part| part.as_object().cloned()).flatten();
        return Value::Object(members.collect());
    }
    if let Some(any) = schema["oneOf"].as_array() {
        let first = any.iter().find(|one| one["type"] != "null");
        return first.map_or(Value::Null, deeper);
    }
    match type_of(schema) {
        "object" => {
            let properties = schema["properties"].as_object();
            let members = properties.into_iter().flatten();
            let members = members.map(|(name, schema)| (name.clone(), deeper(schema)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        "array" => match schema["prefixItems"].as_array() {
            Some(items) => items.iter().map(deeper).collect(),
            None => json!([deeper(&schema["items"])]),
        },
        "integer" => json!(7),
        "number" => json!(7.5),
        "boolean" => json!(true),
        "string" => json!(text(schema)),
        _ => Value::Null,
    }
}

fn text(schema: &Value) -> &'static str {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    match schema["format"].as_str() {
        Some("date-time") => "2026-11-21T13:42:30Z",
        Some("date") => "2026-11-21",
        _ if pattern.contains("A-Z]{3}") => "EUR",
        _ if pattern.starts_with("^-?[0-9]") => "7.50",
        _ => "…",
    }
}

/// The name of the schema that stands in this one's place.
pub(super) fn referenced(schema: &Value) -> Option<&str> {
    let (_, name) = schema["$ref"].as_str()?.rsplit_once('/')?;
    Some(name)
}

/// The type, and of one that may be null the other one.
pub(super) fn type_of(schema: &Value) -> &str {
    let one = schema["type"].as_array().and_then(|types| types.first());
    one.unwrap_or(&schema["type"]).as_str().unwrap_or_default()
}
