//! The paths of published views: whatever columns a user's own view has, they are described.

use super::describe::{Described, cursor, get, limit, query, text, words};
use super::paths::{VIEW_CURSOR, VIEW_FORMATS, VIEWS};
use crate::views::{PARQUET, ROWS_DEFAULT};
use comptoir_model::api::ProblemKind;
use comptoir_model::api::views::ViewPage;
use comptoir_model::view_result::{ViewColumn, ViewType};
use comptoir_warehouse::StoredViewResult;
use utoipa::ToSchema;
use utoipa::openapi::Ref;
use utoipa::openapi::schema::{
    AllOfBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
};

const BOUNDS: [(&str, &str); 3] = [
    ("", "Rows with this value"),
    (".min", "Rows from this value on"),
    (".max", "Rows up to this value, which is included"),
];

pub(super) fn path(result: &StoredViewResult) -> Described {
    let columns = &result.about.columns;
    let path = format!("/api/v1/views/{}", result.view);
    let summary = format!("Rows of the view {}", result.view);
    let mut path = get(path, VIEWS, &summary).about(&result.about.description);
    for column in columns {
        for (bound, about) in BOUNDS {
            let name = format!("{}{bound}", column.name);
            path = path.takes(query(&name, about, value(column.kind)));
        }
    }
    let sorts: Vec<_> = (columns.iter())
        .flat_map(|column| [column.name.clone(), format!("-{}", column.name)])
        .collect();
    let sorts = words(sorts.iter().map(String::as_str));
    path.takes(query(
        "sort",
        "The order; `-` before a column: from high to low",
        sorts,
    ))
    .takes(limit(Some(ROWS_DEFAULT)))
    .takes(cursor(VIEW_CURSOR))
    .with_schema::<ViewPage>()
    .answers_json(page(columns))
    .exports_as(&VIEW_FORMATS)
    .answers_text(PARQUET, "The answer")
    .fails(&[
        ProblemKind::TooManyRows,
        ProblemKind::WarehouseUnavailable,
        ProblemKind::NotFound,
        ProblemKind::StaleCursor,
    ])
}

/// A page whose rows have these columns.
fn page(columns: &[ViewColumn]) -> AllOfBuilder {
    let mut row = ObjectBuilder::new().schema_type(Type::Object);
    for column in columns {
        let cell = value(column.kind);
        let or_null = SchemaType::from_iter([json_type(column.kind), Type::Null]);
        row = row
            .property(column.name.clone(), cell.schema_type(or_null))
            .required(column.name.clone());
    }
    let rows = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("rows", row.to_array_builder());
    AllOfBuilder::new()
        .item(Ref::from_schema_name(ViewPage::name()))
        .item(rows)
}

fn json_type(kind: ViewType) -> Type {
    match kind {
        ViewType::Boolean => Type::Boolean,
        ViewType::Integer => Type::Integer,
        ViewType::Float => Type::Number,
        ViewType::Decimal { .. } | ViewType::Date | ViewType::Timestamp | ViewType::Text => {
            Type::String
        }
    }
}

/// A value of a column as it stands in a row, and in a parameter.
fn value(kind: ViewType) -> ObjectBuilder {
    let value = text().schema_type(json_type(kind));
    let known = |format| Some(SchemaFormat::KnownFormat(format));
    match kind {
        ViewType::Boolean | ViewType::Text => value,
        ViewType::Integer => (value.format(known(KnownFormat::Int64)))
            .minimum(Some(i64::MIN))
            .maximum(Some(i64::MAX)),
        ViewType::Decimal { precision, scale } => value.pattern(Some(decimal(precision, scale))),
        ViewType::Float => value.format(known(KnownFormat::Double)),
        ViewType::Date => value.format(known(KnownFormat::Date)),
        ViewType::Timestamp => value.format(known(KnownFormat::DateTime)),
    }
}

fn decimal(precision: u8, scale: u8) -> String {
    let whole = precision.saturating_sub(scale).max(1);
    match scale {
        0 => format!("^-?[0-9]{{1,{whole}}}$"),
        _ => format!(r"^-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{scale}}})?$"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_described_by_its_digits() {
        assert_eq!(decimal(18, 2), r"^-?[0-9]{1,16}(\.[0-9]{1,2})?$");
        assert_eq!(decimal(5, 0), "^-?[0-9]{1,5}$");
        assert_eq!(decimal(2, 2), r"^-?[0-9]{1,1}(\.[0-9]{1,2})?$");
    }
}
