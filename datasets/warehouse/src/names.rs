//! The newest names that events showed for ids.

use crate::dialect::OnConflict;
use crate::error::Result;
use crate::rows::Cells;
use crate::session::{Insert, Session};
use crate::views::NewName;
use crate::warehouse::Warehouse;
use comptoir_database::Value;
use std::collections::BTreeMap;

/// How many names are asked for at once.
const ASKED_MAX: usize = 256;

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
        let mut lease = self.lease().await?;
        let mut names = BTreeMap::new();
        for ids in ids.chunks(ASKED_MAX) {
            let marks = vec!["?"; ids.len()].join(",");
            let sql = format!("SELECT id, name FROM names WHERE kind = ? AND id IN ({marks})");
            let mut values = vec![Value::Text(kind.as_str())];
            values.extend(ids.iter().map(|id| Value::Text(id)));
            for row in lease.select("reading names", &sql, &values).await? {
                let mut cells = Cells::of("names", &row);
                names.insert(cells.text()?.to_owned(), cells.text()?.to_owned());
            }
        }
        lease.give_back();
        Ok(names)
    }
}

/// In the order of the keys: sinks that write the same names can't wait for each other in a circle.
pub(crate) async fn write(session: &mut Session, names: &[NewName<'_>]) -> Result<()> {
    let newest: BTreeMap<(&str, &str), &str> = names
        .iter()
        .map(|new| ((new.kind.as_str(), new.id), new.name))
        .collect();
    let table = Insert {
        table: "names",
        key: &["kind", "id"],
        columns: &["kind", "id", "name"],
        on_conflict: OnConflict::Update {
            add: &[],
            set: &["name"],
        },
    };
    let row = |((kind, id), name)| [kind, id, name].map(Value::Text);
    let values: Vec<_> = newest.into_iter().flat_map(row).collect();
    session.insert(&table, &values).await
}
