//! The newest names that events showed for ids.

use crate::error::Result;
use crate::warehouse::Warehouse;
use std::collections::BTreeMap;

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    Product,
    Customer,
}

impl NameKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Customer => "customer",
        }
    }
}

impl Warehouse {
    /// The names of those `ids` that have one.
    pub async fn names(&self, kind: NameKind, ids: &[&str]) -> Result<BTreeMap<String, String>> {
        let _ = (kind, ids);
        unimplemented!()
    }
}
