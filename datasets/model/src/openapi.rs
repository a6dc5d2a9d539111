//! How OpenAPI describes the types whose JSON is not what their fields say. All others derive it.

use crate::event::{Channel, Status};
use crate::ids::RunId;
use crate::money::Currency;
use crate::row_checksum::RowChecksum;
use crate::view_result::ViewName;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A text of this form.
macro_rules! texts {
    ($($name:ident: $pattern:literal, $description:literal;)+) => { $(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String);
                RefOr::T(text.pattern(Some($pattern)).description(Some($description)).into())
            }
        }

        impl ToSchema for $name {}
    )+ };
}

texts! {
    Currency: "^[A-Z]{3}$", "An ISO 4217 alphabetic code";
    RunId: "^[0-9A-Za-z-]{1,64}$", "The name of one run: it begins with its start in UTC";
    RowChecksum: "^[0-9a-f]{32}$", "Of a set of rows, whatever their order and file format";
    ViewName: "^[a-z][a-z0-9_]{0,47}$", "The name of a view";
}

/// One of these words.
macro_rules! words {
    ($($name:ident: $description:literal;)+) => { $(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String);
                let words = text.enum_values(Some(Self::WORDS.iter().copied()));
                RefOr::T(words.description(Some($description)).into())
            }
        }

        impl ToSchema for $name {}
    )+ };
}

words! {
    Status: "What became of the payment of an order line";
    Channel: "Where the sale was made";
}
