//! One connection to a relational database, `MySQL`, `MariaDB` or `SQLite`, with a time limit on
//! every call and errors that say what is wrong and what cures it.

mod connect;
mod error;
mod options;
mod query;
mod rows;
mod snapshot;
mod table;
mod typed;
mod write;

pub use comptoir_model::retry::Retry;
pub use connect::{Access, Database, Limits, Link, Login, Product};
pub use error::DatabaseError;
pub use rows::{Raw, Row};
pub use snapshot::LogPosition;
pub use table::{Storage, TableColumn, TableInfo};
pub use typed::Value;

/// Quotes a name for use in SQL. `MySQL`, `MariaDB` and `SQLite` all take backticks.
pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_name_can_hold_anything() {
        assert_eq!(quoted("a b-c"), "`a b-c`");
        assert_eq!(quoted("a`b"), "`a``b`");
    }
}
