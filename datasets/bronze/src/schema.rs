//! The table's columns, in their order, as Delta and Arrow know them.

use deltalake::arrow::datatypes::{
    DataType as ArrowType, Field, Schema, SchemaRef, TimeUnit as ArrowUnit,
};
use deltalake::kernel::{DataType, DecimalType, PrimitiveType, StructField};
use deltalake::parquet::basic::Encoding;
use std::sync::{Arc, LazyLock};

/// The partition column: it stands in the path of a data file, not in the file.
pub const DAY: &str = "day";

/// Digits, and decimals among them, of an amount.
pub(crate) const AMOUNT: (u8, u8) = (18, 2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Date,
    Text,
    Int,
    Long,
    /// Microseconds, UTC.
    Time,
    Bytes,
    Amount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Null {
    Never,
    /// Of rows that are no event, or by its meaning.
    Allowed,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    kind: Kind,
    null: Null,
}

const fn column(name: &'static str, kind: Kind, null: Null) -> Column {
    Column { name, kind, null }
}

impl Column {
    /// How its values are written where a dictionary would only hold each of them once.
    pub(crate) fn encoding(&self) -> Option<Encoding> {
        match (self.kind, self.name) {
            (Kind::Long | Kind::Time, _) => Some(Encoding::DELTA_BINARY_PACKED),
            (Kind::Bytes, _) | (_, "event_id" | "order_id") => Some(Encoding::PLAIN),
            _ => None,
        }
    }

    /// Whether its least and greatest value can keep a reader from opening a file or a page. What is
    /// said of events is not sorted by it.
    pub(crate) fn is_worth_statistics(&self) -> bool {
        self.kind != Kind::Text || self.name.starts_with('_')
    }
}

pub(crate) const COLUMNS: [Column; 28] = [
    column(DAY, Kind::Date, Null::Never),
    column("_stream", Kind::Text, Null::Never),
    column("_partition", Kind::Int, Null::Never),
    column("_offset", Kind::Long, Null::Never),
    column("_verdict", Kind::Text, Null::Never),
    column("_end_offset", Kind::Long, Null::Allowed),
    column("_timestamp", Kind::Time, Null::Never),
    column("_reason", Kind::Text, Null::Allowed),
    column("_raw", Kind::Bytes, Null::Allowed),
    column("event_time", Kind::Time, Null::Allowed),
    column("event_id", Kind::Text, Null::Allowed),
    column("order_id", Kind::Text, Null::Allowed),
    column("order_line", Kind::Int, Null::Allowed),
    column("customer_id", Kind::Text, Null::Allowed),
    column("customer_name", Kind::Text, Null::Allowed),
    column("product_id", Kind::Text, Null::Allowed),
    column("product_name", Kind::Text, Null::Allowed),
    column("category", Kind::Text, Null::Allowed),
    column("merchant", Kind::Text, Null::Allowed),
    column("quantity", Kind::Int, Null::Allowed),
    column("unit_price", Kind::Amount, Null::Allowed),
    column("amount", Kind::Amount, Null::Allowed),
    column("currency", Kind::Text, Null::Allowed),
    column("country", Kind::Text, Null::Allowed),
    column("city", Kind::Text, Null::Allowed),
    column("channel", Kind::Text, Null::Allowed),
    column("payment_method", Kind::Text, Null::Allowed),
    column("status", Kind::Text, Null::Allowed),
];

/// As the table is created.
pub(crate) fn delta_fields() -> Vec<StructField> {
    let field = |column: &Column| {
        let kind = match column.kind {
            Kind::Date => PrimitiveType::Date,
            Kind::Text => PrimitiveType::String,
            Kind::Int => PrimitiveType::Integer,
            Kind::Long => PrimitiveType::Long,
            Kind::Time => PrimitiveType::Timestamp,
            Kind::Bytes => PrimitiveType::Binary,
            Kind::Amount => {
                let (digits, decimals) = AMOUNT;
                let kind = DecimalType::try_new(digits, decimals);
                PrimitiveType::Decimal(kind.expect("18 digits are at most 38"))
            }
        };
        let nullable = column.null == Null::Allowed;
        StructField::new(column.name, DataType::Primitive(kind), nullable)
    };
    COLUMNS.iter().map(field).collect()
}

/// As data files hold them: without the partition column.
pub(crate) fn file_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let field = |column: &Column| {
            let kind = match column.kind {
                Kind::Date => ArrowType::Date32,
                Kind::Text => ArrowType::Utf8,
                Kind::Int => ArrowType::Int32,
                Kind::Long => ArrowType::Int64,
                Kind::Time => ArrowType::Timestamp(ArrowUnit::Microsecond, Some("UTC".into())),
                Kind::Bytes => ArrowType::Binary,
                Kind::Amount => ArrowType::Decimal128(AMOUNT.0, AMOUNT.1.cast_signed()),
            };
            Field::new(column.name, kind, column.null == Null::Allowed)
        };
        let columns = COLUMNS.iter().filter(|column| column.name != DAY);
        Arc::new(Schema::new(columns.map(field).collect::<Vec<_>>()))
    });
    Arc::clone(&SCHEMA)
}
