//! The ERP's database: `MySQL`, `MariaDB` or `SQLite` over one connection, with a time limit on every
//! call and errors that say what is wrong and what cures it.

mod connect;
mod error;
mod options;
mod rows;
mod snapshot;
mod table;
mod write;

pub use comptoir_lake::Retry;
pub use connect::{Access, Database, Limits, Login};
pub use error::DatabaseError;
pub use rows::{Raw, Row};
pub use table::{Storage, TableColumn, TableInfo};

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
