//! `quality.toml` read for an import: rules that would never be looked at are refused.

use super::parse::ParseError;
use super::rules::{Check, Rules};
use std::path::{Path, PathBuf};

/// The rules can't be had, or are not for what is imported.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error("can't read the quality rules in {}: {source}\nhint: check the path given with --quality, or views.quality_file", .path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error(
        "{file} has no rule for `{table}`, only for {others}\nhint: check `table` in the file, or leave out --quality"
    )]
    NoneFor {
        file: String,
        table: String,
        others: String,
    },
    #[error(
        "{file}:{line}: a rule for `{table}`, which is not imported\nhint: check its spelling, and --exclude-tables"
    )]
    NotImported {
        file: String,
        line: usize,
        table: String,
    },
    #[error(
        "{file}:{line}: `{rule}` can't be held against rows that are added to others: {why}\nhint: {cure}"
    )]
    NotForAddedRows {
        file: String,
        line: usize,
        rule: String,
        why: &'static str,
        cure: &'static str,
    },
}

impl Rules {
    pub fn read(path: &Path) -> Result<Self, RulesError> {
        let text = std::fs::read_to_string(path).map_err(|source| RulesError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::parse(&path.display().to_string(), &text)?)
    }

    /// The rules for the one table that is imported: at least one.
    pub fn for_import_of(&self, table: &str) -> Result<Self, RulesError> {
        let rules = self.of_table(table);
        if !rules.rules.is_empty() {
            return Ok(rules);
        }
        let mut others: Vec<_> = (self.rules.iter())
            .map(|rule| format!("`{}`", rule.table))
            .collect();
        others.sort();
        others.dedup();
        Err(RulesError::NoneFor {
            file: self.file.clone(),
            table: table.to_owned(),
            others: if others.is_empty() {
                "no table at all".to_owned()
            } else {
                others.join(", ")
            },
        })
    }

    /// Refuses a rule for a table that is not among those that are imported.
    pub fn ensure_all_used(&self, tables: &[String]) -> Result<(), RulesError> {
        let is_used = |table: &str| tables.iter().any(|name| name.eq_ignore_ascii_case(table));
        match self.rules.iter().find(|rule| !is_used(&rule.table)) {
            None => Ok(()),
            Some(rule) => Err(RulesError::NotImported {
                file: self.file.clone(),
                line: rule.line,
                table: rule.table.clone(),
            }),
        }
    }
}

impl Rules {
    /// Refuses what needs the whole table, for a run that reads a part of it (`--append`,
    /// `--incremental`).
    pub fn ensure_for_added_rows(&self) -> Result<(), RulesError> {
        let refused = self.rules.iter().find_map(|rule| {
            let (why, cure) = match &rule.check {
                Check::Unique { .. } => (
                    "a run sees its own rows only",
                    "hold it against an import of the whole table",
                ),
                Check::RowCount { .. } => (
                    "a run counts its own rows only",
                    "say --fail-if-empty, or hold it against an import of the whole table",
                ),
                _ => return None,
            };
            Some((rule, why, cure))
        });
        match refused {
            None => Ok(()),
            Some((rule, why, cure)) => Err(RulesError::NotForAddedRows {
                file: self.file.clone(),
                line: rule.line,
                rule: rule.name(),
                why,
                cure,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_added_rows_only_what_each_row_says_can_be_asked() {
        let rule = |check: &str, action: &str| {
            let text =
                format!("[[rule]]\ntable = \"sales\"\ncheck = {check}\naction = \"{action}\"\n");
            Rules::parse("q.toml", &text).unwrap()
        };
        let not_null = "\"not-null\"\ncolumn = \"id\"";
        for action in ["warn", "quarantine", "fail"] {
            assert!(rule(not_null, action).ensure_for_added_rows().is_ok());
        }
        for (rules, why) in [
            (rule("\"unique\"\ncolumn = \"id\"", "fail"), "its own rows"),
            (rule("\"row-count\"\nmin = 1", "warn"), "its own rows"),
        ] {
            let error = rules.ensure_for_added_rows().unwrap_err().to_string();
            assert!(
                error.starts_with("q.toml:1: ") && error.contains(why),
                "{error}"
            );
        }
    }

    #[test]
    fn a_rule_that_would_never_be_looked_at_is_refused() {
        let text =
            "[[rule]]\ntable = \"sale\"\ncheck = \"unique\"\ncolumn = \"id\"\naction = \"warn\"\n";
        let rules = Rules::parse("q.toml", text).unwrap();
        assert_eq!(rules.for_import_of("SALE").unwrap().rules.len(), 1);
        let error = rules.for_import_of("sales").unwrap_err().to_string();
        assert!(error.contains("only for `sale`\nhint: "), "{error}");
        assert!(rules.ensure_all_used(&["Sale".to_owned()]).is_ok());
        let error = rules.ensure_all_used(&["sales".to_owned()]).unwrap_err();
        assert!(error.to_string().starts_with("q.toml:1: "), "{error}");
    }
}
