//! Columns that a header declares: `(sku, price DECIMAL(18, 2), since DATE)`. Pure.

use crate::views::columns::data_type;
use crate::views::error::HeaderFault;
use comptoir_model::manifest::Column;
use comptoir_model::text_format::ColumnKind;
use comptoir_model::view_result::is_identifier;
use datafusion::arrow::datatypes::DataType;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) struct DeclaredColumn {
    pub(in crate::views) name: String,
    /// As it is written, for the engine to cast to.
    pub(in crate::views) sql_type: String,
}

impl DeclaredColumn {
    pub(in crate::views) fn text(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sql_type: "STRING".to_owned(),
        }
    }
}

const TYPES: [&str; 9] = [
    "string",
    "bigint",
    "int",
    "decimal",
    "double",
    "float",
    "date",
    "timestamp",
    "boolean",
];

/// What stands behind the opening bracket, with the closing one at its end.
pub(super) fn parse(text: &str) -> Result<Vec<DeclaredColumn>, HeaderFault> {
    let bad = || HeaderFault::Columns(text.trim_end_matches(')').to_owned());
    let inside = text.trim().strip_suffix(')').ok_or_else(bad)?;
    let mut columns: Vec<DeclaredColumn> = Vec::new();
    for declared in split(inside) {
        let (name, sql_type) = declared.split_once(' ').unwrap_or((declared, "STRING"));
        let sql_type = sql_type.trim();
        let word = sql_type.split('(').next().unwrap_or_default().trim();
        let is_known = TYPES.contains(&word.to_ascii_lowercase().as_str());
        let is_new = columns.iter().all(|other| other.name != name);
        if !is_identifier(name) || !is_known || !is_new {
            return Err(HeaderFault::Columns(declared.to_owned()));
        }
        columns.push(DeclaredColumn {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
        });
    }
    if columns.is_empty() {
        return Err(bad());
    }
    Ok(columns)
}

/// At commas that stand in no bracket.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

impl DeclaredColumn {
    pub(in crate::views) fn data_type(&self) -> DataType {
        data_type(&Column {
            name: self.name.clone(),
            sql_type: self.sql_type.clone(),
            kind: ColumnKind::Other,
            canonical: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_types_that_are_declared_or_are_texts() {
        let columns = parse("sku, price DECIMAL(18, 2), since date)").unwrap();
        let found: Vec<_> = (columns.iter())
            .map(|column| (column.name.as_str(), column.data_type()))
            .collect();
        assert_eq!(
            found,
            [
                ("sku", DataType::Utf8),
                ("price", DataType::Decimal128(18, 2)),
                ("since", DataType::Date32),
            ]
        );
        for bad in ["a", ")", "a, a)", "a money)", "A)", "a,)"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
