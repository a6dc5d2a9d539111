//! The schema contract: what became of the columns since the last run. Pure.

use comptoir_model::manifest::Column;
use std::fmt;

/// What an import does when the source's columns are others than in the last run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum DriftPolicy {
    /// Any difference ends the import.
    Fail,
    /// Columns may come, none may go or change its type.
    Add,
    /// The import is what the source is now.
    #[default]
    Ignore,
}

/// What differs between two lists of columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    pub added: Vec<ColumnType>,
    pub removed: Vec<ColumnType>,
    pub retyped: Vec<Retyped>,
    /// The same columns in another order, which text without a header does not survive.
    pub reordered: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnType {
    pub name: String,
    pub sql_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retyped {
    pub name: String,
    pub before: String,
    pub now: String,
}

/// What a policy makes of a drift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing changed.
    Same,
    /// It changed, and the import goes on.
    GoOn(Drift),
    Refuse(DriftError),
}

/// The columns are not what the last run had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the columns of `{table}` have changed since the last run: {drift}\nhint: {hint}")]
pub struct DriftError {
    pub table: String,
    pub drift: Drift,
    hint: &'static str,
}

impl Drift {
    /// Columns are the same by name, upper or lower case alike, as servers compare them.
    pub fn between(before: &[Column], now: &[Column]) -> Self {
        let same =
            |one: &Column, other: &Column| one.name.to_lowercase() == other.name.to_lowercase();
        let find = |columns: &[Column], wanted: &Column| {
            columns.iter().position(|column| same(column, wanted))
        };
        let missing_from = |there: &[Column], here: &[Column]| -> Vec<ColumnType> {
            let missing = here.iter().filter(|column| find(there, column).is_none());
            missing.map(ColumnType::of).collect()
        };
        let kept: Vec<(usize, &Column)> = (before.iter())
            .filter_map(|column| find(now, column).map(|place| (place, column)))
            .collect();
        let retyped = kept
            .iter()
            .filter(|(place, column)| !now[*place].sql_type.eq_ignore_ascii_case(&column.sql_type));
        Self {
            added: missing_from(before, now),
            removed: missing_from(now, before),
            retyped: retyped
                .map(|(place, column)| Retyped {
                    name: column.name.clone(),
                    before: column.sql_type.clone(),
                    now: now[*place].sql_type.clone(),
                })
                .collect(),
            reordered: !kept.is_sorted_by_key(|(place, _)| *place),
        }
    }

    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn only_adds(&self) -> bool {
        self.removed.is_empty() && self.retyped.is_empty() && !self.reordered
    }
}

impl DriftPolicy {
    /// Decides over the columns of the last run and those of the table now.
    pub fn decide(self, table: &str, before: &[Column], now: &[Column]) -> Decision {
        let drift = Drift::between(before, now);
        let refuse = |drift, hint| {
            let table = table.to_owned();
            Decision::Refuse(DriftError { table, drift, hint })
        };
        if drift.is_none() {
            return Decision::Same;
        }
        match self {
            Self::Ignore => Decision::GoOn(drift),
            Self::Add if drift.only_adds() => Decision::GoOn(drift),
            Self::Add => refuse(
                drift,
                "--schema-drift add takes new columns only; tell the readers, then import once with --schema-drift ignore",
            ),
            Self::Fail => refuse(
                drift,
                "tell the readers, then import once with --schema-drift ignore, or add where columns only came",
            ),
        }
    }
}

impl ColumnType {
    fn of(column: &Column) -> Self {
        Self {
            name: column.name.clone(),
            sql_type: column.sql_type.clone(),
        }
    }
}

/// `added note varchar(50); removed city text; price was int and is decimal(10,2)`
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed = |verb: &'static str| {
            move |ColumnType { name, sql_type }: &ColumnType| format!("{verb} `{name}` {sql_type}")
        };
        let retyped =
            |Retyped { name, before, now }: &Retyped| format!("`{name}` was {before} and is {now}");
        let reordered = self.reordered.then(|| "another order".to_owned());
        let changes: Vec<String> = (self.added.iter().map(changed("added")))
            .chain(self.removed.iter().map(changed("removed")))
            .chain(self.retyped.iter().map(retyped))
            .chain(reordered)
            .collect();
        f.write_str(&changes.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::text_format::ColumnKind;

    fn columns(declared: &[(&str, &str)]) -> Vec<Column> {
        let column = |(name, sql_type): &(&str, &str)| Column {
            name: (*name).to_owned(),
            sql_type: (*sql_type).to_owned(),
            kind: ColumnKind::Other,
            canonical: None,
        };
        declared.iter().map(column).collect()
    }

    const BEFORE: [(&str, &str); 2] = [("id", "int(11)"), ("price", "int(11)")];

    fn decide(policy: DriftPolicy, now: &[(&str, &str)]) -> Decision {
        policy.decide("sales", &columns(&BEFORE), &columns(now))
    }

    #[test]
    fn the_same_columns_are_no_drift() {
        let now = [("ID", "INT(11)"), ("price", "int(11)")];
        assert_eq!(decide(DriftPolicy::Fail, &now), Decision::Same);
    }

    #[test]
    fn new_columns_are_added_where_that_is_allowed() {
        let now = [BEFORE[0], ("note", "text"), BEFORE[1]];
        assert!(matches!(decide(DriftPolicy::Add, &now), Decision::GoOn(_)));
        assert!(matches!(
            decide(DriftPolicy::Ignore, &now),
            Decision::GoOn(_)
        ));
        let Decision::Refuse(error) = decide(DriftPolicy::Fail, &now) else {
            panic!("a new column passed");
        };
        let text = error.to_string();
        assert!(
            text.contains("`sales`") && text.contains("added `note` text"),
            "{text}"
        );
    }

    #[test]
    fn a_column_that_went_or_changed_is_never_only_added() {
        for (now, said) in [
            (vec![BEFORE[0]], "removed `price` int(11)"),
            (
                vec![BEFORE[0], ("price", "decimal(10,2)")],
                "`price` was int(11) and is decimal(10,2)",
            ),
            (vec![BEFORE[1], BEFORE[0]], "another order"),
        ] {
            let Decision::Refuse(error) = decide(DriftPolicy::Add, &now) else {
                panic!("{now:?} passed");
            };
            let text = error.to_string();
            assert!(text.contains(said) && text.contains("hint: "), "{text}");
        }
    }
}
