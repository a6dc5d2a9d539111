//! Where `SQLite` and `MySQL` differ in what they want to hear. `MariaDB` speaks `MySQL` here.

use comptoir_config::DatabaseUrl;
use std::fmt::Write as _;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    MySql,
}

/// What an insert does where the row is there already.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OnConflict<'a> {
    /// Leaves the row as it is.
    Keep,
    /// Adds the new values of `add` to the old ones, and takes those of `set`.
    Update {
        add: &'a [&'a str],
        set: &'a [&'a str],
    },
    /// Takes the new values of `set` and of `clock`, unless the row's `clock` is later.
    Newer { set: &'a [&'a str], clock: &'a str },
}

impl Dialect {
    pub(crate) fn of(url: &DatabaseUrl) -> Self {
        match url {
            DatabaseUrl::MySql { .. } => Self::MySql,
            DatabaseUrl::Sqlite { .. } => Self::Sqlite,
        }
    }

    /// Fills the words of [`crate::schema`] in.
    pub(crate) fn schema(self, template: &str) -> String {
        let words: &[(&str, &str)] = match self {
            // Rows live in the key's own tree, but for those that hold bytes.
            Self::Sqlite => &[
                ("$key", "INTEGER PRIMARY KEY"),
                ("$integer", "INTEGER"),
                ("$text100", "TEXT"),
                ("$text200", "TEXT"),
                ("$text", "TEXT"),
                ("$bytes", "BLOB"),
                ("$keyed", "STRICT, WITHOUT ROWID"),
                ("$table", "STRICT"),
            ],
            // Two texts are the same only if their characters are.
            Self::MySql => &[
                ("$key", "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY"),
                ("$integer", "BIGINT"),
                ("$text100", "VARCHAR(100)"),
                ("$text200", "VARCHAR(200)"),
                ("$text", "LONGTEXT"),
                ("$bytes", "LONGBLOB"),
                (
                    "$keyed",
                    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                ),
                (
                    "$table",
                    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                ),
            ],
        };
        let mut sql = template.to_owned();
        // `$key` is the beginning of `$keyed`: longer words first.
        let mut words = words.to_vec();
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        for (word, meaning) in words {
            sql = sql.replace(word, meaning);
        }
        sql
    }

    /// The sum of integers as an integer.
    pub(crate) fn sum(self, expression: &str) -> String {
        match self {
            Self::Sqlite => format!("SUM({expression})"),
            Self::MySql => format!("CAST(SUM({expression}) AS SIGNED)"),
        }
    }

    /// Integer division, of what is not negative.
    pub(crate) fn divided(self, expression: &str, by: i64) -> String {
        match self {
            Self::Sqlite => format!("{expression} / {by}"),
            Self::MySql => format!("{expression} DIV {by}"),
        }
    }

    /// Reads a row so that nobody changes it before this transaction ends. A writing transaction
    /// of `SQLite` is alone anyway.
    pub(crate) fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::MySql => " FOR UPDATE",
        }
    }

    /// An insert of `rows` rows with a `?` for each value.
    pub(crate) fn insert(
        self,
        table: &str,
        key: &[&str],
        columns: &[&str],
        on_conflict: OnConflict<'_>,
        rows: usize,
    ) -> String {
        let row = format!("({})", vec!["?"; columns.len()].join(","));
        let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(","));
        sql.push_str(&vec![row.as_str(); rows].join(","));
        let new = |column: &str| match self {
            Self::Sqlite => format!("excluded.{column}"),
            Self::MySql => format!("VALUES({column})"),
        };
        let updates: Vec<String> = match on_conflict {
            OnConflict::Keep => Vec::new(),
            OnConflict::Update { add, set } => {
                let add = add
                    .iter()
                    .map(|column| format!("{column} = {table}.{column} + {}", new(column)));
                let set = set
                    .iter()
                    .map(|column| format!("{column} = {}", new(column)));
                add.chain(set).collect()
            }
            // The clock last: MySQL's assignments see the ones before them.
            OnConflict::Newer { set, clock } => (set.iter().chain([&clock]))
                .map(|column| {
                    format!(
                        "{column} = CASE WHEN {} >= {table}.{clock} THEN {} ELSE {table}.{column} END",
                        new(clock),
                        new(column)
                    )
                })
                .collect(),
        };
        let end = match (self, updates.is_empty()) {
            (Self::Sqlite, true) => write!(sql, " ON CONFLICT DO NOTHING"),
            (Self::Sqlite, false) => write!(
                sql,
                " ON CONFLICT ({}) DO UPDATE SET {}",
                key.join(","),
                updates.join(", ")
            ),
            // Changes nothing, and unlike IGNORE hides nothing else.
            (Self::MySql, true) => {
                write!(sql, " ON DUPLICATE KEY UPDATE {0} = {table}.{0}", key[0])
            }
            (Self::MySql, false) => {
                write!(sql, " ON DUPLICATE KEY UPDATE {}", updates.join(", "))
            }
        };
        end.expect("a String takes everything");
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upsert_in_both_dialects() {
        let insert = |dialect: Dialect, on_conflict| {
            dialect.insert("t", &["k"], &["k", "a", "s"], on_conflict, 2)
        };
        let update = OnConflict::Update {
            add: &["a"],
            set: &["s"],
        };
        assert_eq!(
            insert(Dialect::Sqlite, update),
            "INSERT INTO t (k,a,s) VALUES (?,?,?),(?,?,?) \
             ON CONFLICT (k) DO UPDATE SET a = t.a + excluded.a, s = excluded.s"
        );
        assert_eq!(
            insert(Dialect::MySql, update),
            "INSERT INTO t (k,a,s) VALUES (?,?,?),(?,?,?) \
             ON DUPLICATE KEY UPDATE a = t.a + VALUES(a), s = VALUES(s)"
        );
        assert_eq!(
            insert(Dialect::MySql, OnConflict::Keep),
            "INSERT INTO t (k,a,s) VALUES (?,?,?),(?,?,?) ON DUPLICATE KEY UPDATE k = t.k"
        );
    }

    #[test]
    fn a_schema_word_is_not_taken_for_its_beginning() {
        let sql = Dialect::Sqlite.schema("(a $key, b $text100, c $text) $keyed");
        assert_eq!(
            sql,
            "(a INTEGER PRIMARY KEY, b TEXT, c TEXT) STRICT, WITHOUT ROWID"
        );
    }
}
