//! The schema of an Avro file, as JSON.

use super::super::columns::HeldColumn;
use super::super::held::{Held, Timestamps, TypeMapping};
use super::super::jdbc;
use super::super::sql_type::{IntegerWidth, Sign};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every field may be NULL, as in Sqoop's files. `columnName` keeps the name that Avro's rules may
/// not allow; `sqlType` the source's type: its declaration, or the number that JDBC has for it.
pub(in super::super) fn json(table: &str, columns: &[HeldColumn], mapping: TypeMapping) -> String {
    let mut taken = BTreeSet::new();
    let fields: Vec<Value> = (columns.iter())
        .map(|HeldColumn { column, held, .. }| {
            let sql_type = match mapping {
                TypeMapping::Lossless { .. } => column.declared.clone(),
                TypeMapping::Sqoop { .. } => jdbc::type_number(&column.declared).to_string(),
            };
            json!({
                "name": unique(&column.name, &mut taken),
                "type": ["null", type_of(*held)],
                "default": null,
                "columnName": column.name,
                "sqlType": sql_type,
            })
        })
        .collect();
    let doc = match mapping {
        TypeMapping::Lossless { .. } => format!("import of {table}"),
        TypeMapping::Sqoop { .. } => format!("Sqoop import of {table}"),
    };
    json!({
        "type": "record",
        "name": identifier(table),
        "doc": doc,
        "fields": fields,
        "tableName": table,
    })
    .to_string()
}

fn type_of(held: Held) -> Value {
    use IntegerWidth::{Bits8, Bits16, Bits32, Bits64};
    let logical = |of: &str, name: &str| json!({"type": of, "logicalType": name});
    let decimal = |precision: usize, scale: usize| json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale});
    match held {
        Held::Boolean(_) => json!("boolean"),
        Held::Integer {
            width: Bits8 | Bits16,
            ..
        }
        | Held::Integer {
            width: Bits32,
            sign: Sign::Signed,
        }
        | Held::Bits {
            width: Bits8 | Bits16,
        } => json!("int"),
        Held::Integer { width: Bits32, .. }
        | Held::Integer {
            width: Bits64,
            sign: Sign::Signed,
        }
        | Held::Bits { width: Bits32 }
        | Held::JavaMilliseconds(_) => json!("long"),
        // Avro has no unsigned integers.
        Held::Integer { width: Bits64, .. } | Held::Bits { width: Bits64 } => decimal(20, 0),
        Held::Float32 => json!("float"),
        Held::Float64 => json!("double"),
        Held::Decimal { precision, scale } => decimal(precision, scale),
        Held::Date => logical("int", "date"),
        Held::Time => logical("long", "time-micros"),
        Held::DateTime(Timestamps::Local) => logical("long", "local-timestamp-micros"),
        Held::DateTime(Timestamps::Utc) => logical("long", "timestamp-micros"),
        Held::Text | Held::DecimalText { .. } | Held::Json => json!("string"),
        Held::Binary => json!("bytes"),
    }
}

/// A name as Avro allows it: letters, digits and `_`, no digit first.
fn identifier(name: &str) -> String {
    let mut identifier: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !identifier.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        identifier.insert(0, '_');
    }
    identifier
}

fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain = identifier(name);
    let mut candidate = plain.clone();
    let mut number = 1;
    while !taken.insert(candidate.clone()) {
        number += 1;
        candidate = format!("{plain}_{number}");
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_avro_allows_and_differ() {
        let mut taken = BTreeSet::new();
        let names = [
            "order date",
            "order_date",
            "2nd",
            "$CONDITIONS",
            "",
            "prénom",
        ];
        assert_eq!(
            names.map(|name| unique(name, &mut taken)),
            [
                "order_date",
                "order_date_2",
                "_2nd",
                "_CONDITIONS",
                "_",
                "pr_nom"
            ]
        );
    }
}
