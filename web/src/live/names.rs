//! The names of the products and customers in the top lists.

use comptoir_warehouse::{NameKind, Warehouse, WarehouseError};
use std::collections::{BTreeSet, HashMap};

/// Asks for all of `wanted`; the answer says of each whether it has a name.
pub(crate) async fn ask(
    warehouse: &Warehouse,
    wanted: BTreeSet<(NameKind, String)>,
) -> Result<HashMap<(NameKind, String), Option<String>>, WarehouseError> {
    let mut answer = HashMap::new();
    for kind in [NameKind::Product, NameKind::Customer] {
        let ids: Vec<&str> = (wanted.iter())
            .filter(|(of, _)| *of == kind)
            .map(|(_, id)| id.as_str())
            .collect();
        if ids.is_empty() {
            continue;
        }
        let mut names = warehouse.names(kind, &ids).await?;
        for id in ids {
            answer.insert((kind, id.to_owned()), names.remove(id));
        }
    }
    Ok(answer)
}
