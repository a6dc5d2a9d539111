//! The ERP's proper tables beside the flat one: customers, products, orders, `order_lines`.
//!
//! They are filled from the flat table by the database itself, in the same transaction, so that
//! nothing of the file is held in memory. What the file says about one customer, product or order
//! must be the same in all its lines.

use super::column::{Column, ColumnType, Dialect};
use super::dates::DateOrder;
use super::error::{Contradiction, LoadError};
use super::table::{ForeignKey, TableShape, list};
use crate::database::{Database, DatabaseError, Row, quoted};
use comptoir_model::erp::{CUSTOMERS, ORDER_LINES, ORDERS, PRODUCTS};
use std::path::Path;

/// The four tables, and the flat one that they are made of.
#[derive(Clone, Debug)]
pub(crate) struct ErpTables {
    flat: String,
    /// Parents before children.
    pub(crate) shapes: [TableShape; 4],
}

/// How many rows each table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErpCounts {
    pub customers: u64,
    pub products: u64,
    pub orders: u64,
    pub order_lines: u64,
}

/// Something that has one set of attributes in all its lines.
struct Entity {
    word: &'static str,
    key: &'static str,
    attributes: &'static [&'static str],
}

/// Attributes are the columns of the entity's table behind its number and key.
const ENTITIES: [Entity; 3] = [
    Entity {
        word: "customer",
        key: "CUSTOMERNAME",
        attributes: CUSTOMERS.split_at(2).1,
    },
    Entity {
        word: "product",
        key: "PRODUCTCODE",
        attributes: PRODUCTS.split_at(1).1,
    },
    Entity {
        word: "order",
        key: "ORDERNUMBER",
        attributes: &["ORDERDATE", "STATUS", "CUSTOMERNAME"],
    },
];

impl ErpTables {
    /// The tables for a flat table of these columns; an error says what they lack.
    pub(crate) fn of(flat: &str, columns: &[Column]) -> Result<Self, String> {
        let shape = |name: &str, names: &[&str]| -> Result<TableShape, String> {
            let found: Result<Vec<_>, _> = names.iter().map(|name| take(columns, name)).collect();
            Ok(TableShape {
                name: name.to_owned(),
                columns: found?,
                primary_key: vec![names[0].to_owned()],
                unique: Vec::new(),
                foreign_keys: Vec::new(),
            })
        };
        let mut customers = shape("customers", &CUSTOMERS)?;
        customers.unique.push("CUSTOMERNAME".to_owned());
        let products = shape("products", &PRODUCTS)?;
        let mut orders = shape("orders", &ORDERS)?;
        orders
            .foreign_keys
            .push(foreign("CUSTOMERNUMBER", "customers"));
        let mut lines = shape("order_lines", &ORDER_LINES)?;
        lines.primary_key.push("ORDERLINENUMBER".to_owned());
        lines.foreign_keys.push(foreign("ORDERNUMBER", "orders"));
        lines.foreign_keys.push(foreign("PRODUCTCODE", "products"));
        if let Some(own) = ["customers", "products", "orders", "order_lines"]
            .iter()
            .find(|name| name.eq_ignore_ascii_case(flat))
        {
            return Err(format!(
                "`{own}` is one of them and can't be the flat table too"
            ));
        }
        Ok(Self {
            flat: flat.to_owned(),
            shapes: [customers, products, orders, lines],
        })
    }

    pub(crate) async fn clear(&self, database: &mut Database) -> Result<(), DatabaseError> {
        for shape in self.shapes.iter().rev() {
            let what = format!("emptying `{}`", shape.name);
            database
                .execute(&what, &format!("DELETE FROM {}", quoted(&shape.name)))
                .await?;
        }
        Ok(())
    }

    /// Fills the tables from the flat one. `line_of` finds the line of a record, for errors.
    pub(crate) async fn fill(
        &self,
        database: &mut Database,
        dialect: Dialect,
        path: &Path,
        line_of: impl Fn(u64) -> Result<u64, LoadError>,
    ) -> Result<ErpCounts, LoadError> {
        for entity in &ENTITIES {
            self.refuse_contradictions(database, dialect, entity, path, &line_of)
                .await?;
        }
        self.refuse_lines_twice(database, path, &line_of).await?;
        let mut counts = [0; 4];
        for ((shape, sql), count) in self
            .shapes
            .iter()
            .zip(self.fill_sql(dialect))
            .zip(&mut counts)
        {
            let what = format!("filling `{}`", shape.name);
            *count = database.execute_with(&what, &sql, &[]).await?;
        }
        let [customers, products, orders, order_lines] = counts;
        Ok(ErpCounts {
            customers,
            products,
            orders,
            order_lines,
        })
    }

    fn fill_sql(&self, dialect: Dialect) -> [String; 4] {
        let flat = quoted(&self.flat);
        let first_of = |key: &str| {
            let key = exact(dialect, key);
            format!(
                "{flat} s JOIN (SELECT MIN(id) AS first FROM {flat} GROUP BY {key}) f ON f.first = s.id"
            )
        };
        let of_s = |names: &[&str]| {
            let names: Vec<_> = names
                .iter()
                .map(|name| format!("s.{}", quoted(name)))
                .collect();
            names.join(", ")
        };
        // The customers' table compares byte by byte, whatever the flat one does.
        let name = match dialect {
            Dialect::MySql => "CONVERT(s.CUSTOMERNAME USING utf8mb4) COLLATE utf8mb4_bin",
            Dialect::Sqlite => "s.CUSTOMERNAME",
        };
        let [customers, products, orders, lines] = self.shapes.each_ref().map(|shape| {
            let names: Vec<_> = shape.columns.iter().map(|column| &column.name).collect();
            format!("INSERT INTO {} ({})", quoted(&shape.name), list(&names))
        });
        [
            format!(
                "{customers} SELECT ROW_NUMBER() OVER (ORDER BY s.id), {} FROM {}",
                of_s(&CUSTOMERS[1..]),
                first_of("CUSTOMERNAME")
            ),
            format!(
                "{products} SELECT {} FROM {}",
                of_s(&PRODUCTS),
                first_of("PRODUCTCODE")
            ),
            format!(
                "{orders} SELECT {}, c.CUSTOMERNUMBER FROM {} JOIN customers c ON c.CUSTOMERNAME = {name}",
                of_s(&ORDERS[..3]),
                first_of("ORDERNUMBER")
            ),
            format!("{lines} SELECT {} FROM {flat} s", of_s(&ORDER_LINES)),
        ]
    }

    async fn refuse_contradictions(
        &self,
        database: &mut Database,
        dialect: Dialect,
        entity: &Entity,
        path: &Path,
        line_of: impl Fn(u64) -> Result<u64, LoadError>,
    ) -> Result<(), LoadError> {
        let flat = quoted(&self.flat);
        let key = exact(dialect, entity.key);
        let differs: Vec<_> = (entity.attributes.iter())
            .map(|name| {
                let value = exact(dialect, name);
                // COUNT leaves NULL out: some with and some without a value differ, too.
                format!(
                    "COUNT(DISTINCT {value}) + (COUNT({value}) > 0 AND COUNT({value}) < COUNT(*)) > 1"
                )
            })
            .collect();
        let what = format!("comparing the lines of each {}", entity.word);
        let contradictory = format!(
            "SELECT MIN(id) FROM {flat} GROUP BY {key} HAVING {} ORDER BY 1 LIMIT 1",
            differs.join(" OR ")
        );
        let Some(first) = number(database.fetch_all(&what, &contradictory).await?.first(), 0)
        else {
            return Ok(());
        };
        let names: Vec<_> = [entity.key]
            .iter()
            .chain(entity.attributes)
            .copied()
            .collect();
        let lines = format!(
            "SELECT id, {} FROM {flat} WHERE {key} = (SELECT {key} FROM {flat} WHERE id = {first}) \
             ORDER BY id",
            list(&names)
        );
        let rows = database.fetch_all(&what, &lines).await?;
        let Some((row, index)) = rows.iter().find_map(|row| {
            let differs = |index: &usize| text(row, *index) != text(&rows[0], *index);
            (2..=names.len()).find(differs).map(|index| (row, index))
        }) else {
            return Ok(());
        };
        Err(LoadError::Inconsistent(Box::new(Contradiction {
            path: path.to_owned(),
            line: line_of(number(Some(row), 0).unwrap_or_default())?,
            of: format!("{} {}", entity.word, shown(row, 1)),
            column: names[index - 1].to_owned(),
            value: shown(row, index),
            first_line: line_of(first)?,
            first_value: shown(&rows[0], index),
        })))
    }

    async fn refuse_lines_twice(
        &self,
        database: &mut Database,
        path: &Path,
        line_of: impl Fn(u64) -> Result<u64, LoadError>,
    ) -> Result<(), LoadError> {
        let twice = format!(
            "SELECT MIN(id), MAX(id), MIN(ORDERNUMBER), MIN(ORDERLINENUMBER) FROM {} \
             GROUP BY ORDERNUMBER, ORDERLINENUMBER HAVING COUNT(*) > 1 ORDER BY 1 LIMIT 1",
            quoted(&self.flat)
        );
        let rows = database
            .fetch_all("looking for order lines that stand twice", &twice)
            .await?;
        let Some(row) = rows.first() else {
            return Ok(());
        };
        let line = |index| line_of(number(Some(row), index).unwrap_or_default());
        Err(LoadError::DuplicateKey {
            path: path.to_owned(),
            line: line(1)?.to_string(),
            first_line: line(0)?.to_string(),
            key: format!(
                "ORDERNUMBER {}, ORDERLINENUMBER {}",
                shown(row, 2),
                shown(row, 3)
            ),
        })
    }
}

/// The flat table's column of that name, which keys need to be without empty values.
fn take(columns: &[Column], name: &str) -> Result<Column, String> {
    if name == "CUSTOMERNUMBER" {
        return Ok(Column {
            name: name.to_owned(),
            column_type: ColumnType::Int,
            nullable: false,
            dates: DateOrder::MonthFirst,
            chars_max: 10,
        });
    }
    let column = (columns.iter())
        .find(|column| column.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| format!("it has no column {name}"))?;
    let is_key = name == "ORDERLINENUMBER" || ENTITIES.iter().any(|entity| entity.key == name);
    if is_key && column.nullable {
        return Err(format!("{name} is empty in some lines"));
    }
    if is_key && matches!(column.column_type, ColumnType::Text | ColumnType::LongText) {
        return Err(format!("{name} is too long for a key"));
    }
    Ok(Column {
        name: name.to_owned(),
        ..column.clone()
    })
}

fn foreign(column: &str, table: &str) -> ForeignKey {
    ForeignKey {
        column: column.to_owned(),
        table: table.to_owned(),
    }
}

/// The value as its bytes: a collation may call different texts equal.
fn exact(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::MySql => format!("CAST({} AS BINARY)", quoted(column)),
        Dialect::Sqlite => quoted(column),
    }
}

fn text(row: &Row, index: usize) -> Option<String> {
    row.get(index).ok()?.to_text()
}

fn shown(row: &Row, index: usize) -> String {
    text(row, index).map_or("no value".to_owned(), |value| format!("`{value}`"))
}

fn number(row: Option<&Row>, index: usize) -> Option<u64> {
    text(row?, index)?.parse().ok()
}
