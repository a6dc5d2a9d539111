//! Which column cuts a table into parts. Pure.

use super::error::ImportError;
use super::request::{SplitRequest, TextSplits, WithoutKey};
use super::splits::Splitter;
use crate::database::{Product, TableColumn, TableInfo};
use std::num::NonZeroU32;

/// The column, and how it is cut; `None`: the table is imported as one part.
pub(super) fn choose<'a>(
    table: &'a TableInfo,
    mappers: NonZeroU32,
    split: &SplitRequest,
    product: Product,
) -> Result<Option<(&'a TableColumn, Splitter)>, ImportError> {
    if mappers == NonZeroU32::MIN {
        return Ok(None);
    }
    let Some(name) = name(table, mappers, split)? else {
        return Ok(None);
    };
    // Of a query: the name may say which of its tables.
    let bare = name.rsplit('.').next().unwrap_or(name).trim_matches('`');
    let column = table.column(name).or_else(|| table.column(bare));
    let column = column.ok_or_else(|| ImportError::UnknownColumn {
        table: table.name.clone(),
        column: name.to_owned(),
        nearest: table.nearest_columns(bare),
    })?;
    let (table, name, sql_type) = (&table.name, &column.name, &column.sql_type);
    match Splitter::of(column) {
        Some(Splitter::Text) if split.text == TextSplits::Refuse => Err(ImportError::TextSplit {
            table: table.clone(),
            column: name.clone(),
            sql_type: sql_type.clone(),
        }),
        // A column of SQLite holds values of any type, which are not sorted like the others.
        Some(splitter) if product != Product::Sqlite || splitter == Splitter::Integer => {
            Ok(Some((column, splitter)))
        }
        _ => Err(ImportError::SplitType {
            table: table.clone(),
            column: name.clone(),
            sql_type: sql_type.clone(),
        }),
    }
}

fn name<'a>(
    table: &'a TableInfo,
    mappers: NonZeroU32,
    split: &'a SplitRequest,
) -> Result<Option<&'a str>, ImportError> {
    match (
        split.column.as_deref(),
        table.primary_key.as_slice(),
        split.without_key,
    ) {
        (Some(name), ..) => Ok(Some(name)),
        (None, [name], _) => Ok(Some(name)),
        (None, [], WithoutKey::OnePart) => Ok(None),
        (None, [], WithoutKey::Refuse) => Err(ImportError::NoPrimaryKey {
            table: table.name.clone(),
            mappers,
        }),
        (None, columns, _) => Err(ImportError::CompositeKey {
            table: table.name.clone(),
            columns: columns.to_vec(),
        }),
    }
}

/// Whether several queries in one transaction see the same rows of such a table.
pub(super) fn ensure_snapshots(table: &TableInfo) -> Result<(), ImportError> {
    let engine = table.engine.as_deref().unwrap_or("InnoDB");
    let known = ["InnoDB", "RocksDB"];
    if known.iter().any(|known| known.eq_ignore_ascii_case(engine)) {
        return Ok(());
    }
    Err(ImportError::NoSnapshots {
        table: table.name.clone(),
        engine: engine.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Storage;

    fn table(key: &[&str]) -> TableInfo {
        let column = |name: &str, storage| TableColumn {
            name: name.to_owned(),
            sql_type: format!("{storage:?}").to_lowercase(),
            storage,
            nullable: true,
        };
        TableInfo {
            name: "sales".to_owned(),
            columns: vec![
                column("ID", Storage::Integer),
                column("name", Storage::Text),
                column("price", Storage::Double),
            ],
            primary_key: key.iter().map(ToString::to_string).collect(),
            engine: Some("InnoDB".to_owned()),
        }
    }

    fn chosen(
        table: &TableInfo,
        mappers: u32,
        split: &SplitRequest,
        product: Product,
    ) -> Result<Option<String>, String> {
        choose(table, NonZeroU32::new(mappers).unwrap(), split, product)
            .map(|chosen| chosen.map(|(column, _)| column.name.clone()))
            .map_err(|error| error.to_string())
    }

    fn by(column: &str) -> SplitRequest {
        SplitRequest {
            column: Some(column.to_owned()),
            ..SplitRequest::default()
        }
    }

    #[test]
    fn takes_the_primary_key_or_the_named_column() {
        let (any, product) = (SplitRequest::default(), Product::MySql);
        let id = Ok(Some("ID".to_owned()));
        assert_eq!(chosen(&table(&["ID"]), 4, &any, product), id);
        assert_eq!(chosen(&table(&[]), 4, &by("id"), product), id);
        assert_eq!(chosen(&table(&[]), 4, &by("s.id"), product), id);
        assert_eq!(chosen(&table(&["name"]), 1, &any, product), Ok(None));
    }

    #[test]
    fn says_why_a_table_can_not_be_cut() {
        let any = SplitRequest::default();
        for (key, split, part) in [
            (&[][..], &any, "has no primary key to cut 4 parts by"),
            (&["ID", "name"], &any, "2 columns (ID, name)"),
            (&["name"], &any, "is text: texts make uneven parts"),
            (&["ID"], &by("nam"), "did you mean `name` or `ID`"),
        ] {
            let error = chosen(&table(key), 4, split, Product::MySql).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        let error = chosen(&table(&[]), 4, &by("price"), Product::Sqlite).unwrap_err();
        assert!(error.contains("which is double"), "{error}");
    }

    #[test]
    fn without_a_key_one_part_will_do_if_that_was_said() {
        let reset = SplitRequest {
            without_key: WithoutKey::OnePart,
            ..SplitRequest::default()
        };
        assert_eq!(chosen(&table(&[]), 4, &reset, Product::MySql), Ok(None));
    }

    #[test]
    fn an_engine_without_snapshots_is_named() {
        let table = TableInfo {
            engine: Some("MyISAM".to_owned()),
            ..table(&["ID"])
        };
        let error = ensure_snapshots(&table).unwrap_err().to_string();
        assert!(error.contains("MyISAM"), "{error}");
    }
}
