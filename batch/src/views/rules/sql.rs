//! Rules as conditions in SQL. Each is true only of an event that breaks it: of NULL none is.

use super::of_each;
use crate::quality::{Bound, Check, EventRule};
use std::fmt::Write as _;

/// Where the keys of a reference stand that a rule asks for: a table, and its only column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) struct Joined {
    pub(in crate::views) table: String,
    pub(in crate::views) column: String,
}

/// A rule, and the reference that it asks.
pub(in crate::views) type Ruled<'a> = (&'a EventRule, Option<&'a Joined>);

/// The events that no rule sets aside; `events` is a query over all of them.
pub(in crate::views) fn passed(events: &str, rules: &[Ruled<'_>]) -> String {
    let kept: Vec<_> = (numbered(rules))
        .map(|(number, (rule, _))| format!("({}) IS NOT TRUE", breaks(number, rule)))
        .collect();
    let condition = if kept.is_empty() {
        "1 = 1".to_owned()
    } else {
        kept.join(" AND ")
    };
    format!("SELECT e.* FROM {} WHERE {condition}", joins(events, rules))
}

/// The others, with the first rule that sets each of them aside.
pub(in crate::views) fn quarantined(events: &str, rules: &[Ruled<'_>]) -> String {
    let (mut cases, mut any) = (String::new(), Vec::new());
    for (number, (rule, _)) in numbered(rules) {
        let breaks = breaks(number, rule);
        // Writing to a String can't fail.
        write!(cases, " WHEN {breaks} THEN {}", literal(&rule.name)).ok();
        any.push(format!("({breaks})"));
    }
    if any.is_empty() {
        return format!("SELECT '' AS rule, e.* FROM ({events}) AS e WHERE 1 = 0");
    }
    format!(
        "SELECT CASE{cases} END AS rule, e.* FROM {} WHERE {}",
        joins(events, rules),
        any.join(" OR ")
    )
}

/// Of each day and rule, how many events there are and how many break it. Each rule reads the columns
/// that it asks for.
pub(in crate::views) fn checks(events: &str, rules: &[Ruled<'_>]) -> String {
    let of_one = |ruled: &Ruled<'_>| {
        let (rule, _) = ruled;
        format!(
            "SELECT e.day AS day, {} AS rule, '{}' AS action, COUNT(*) AS events, \
             SUM(CASE WHEN {} THEN 1 ELSE 0 END) AS failed FROM {} GROUP BY e.day",
            literal(&rule.name),
            super::word(rule.action),
            breaks(0, rule),
            joins(events, std::slice::from_ref(ruled))
        )
    };
    if rules.is_empty() {
        return format!(
            "SELECT e.day AS day, '' AS rule, '' AS action, e._offset AS events, \
             e._offset AS failed FROM ({events}) AS e WHERE 1 = 0"
        );
    }
    let all: Vec<_> = rules.iter().map(of_one).collect();
    all.join(" UNION ALL ")
}

fn numbered<'r, 'a>(rules: &'r [Ruled<'a>]) -> impl Iterator<Item = (usize, &'r Ruled<'a>)> {
    rules.iter().enumerate()
}

/// The events as `e`, and the keys that rule n asks for as `known_n`.
fn joins(events: &str, rules: &[Ruled<'_>]) -> String {
    let mut from = format!("({events}) AS e");
    for (number, (rule, joined)) in numbered(rules) {
        let (Some(Check::Reference { column, .. }), Some(joined)) = (of_each(rule), joined) else {
            continue;
        };
        let Joined { table, column: key } = joined;
        write!(
            from,
            " LEFT JOIN {table} AS known_{number} ON known_{number}.{key} = e.{column}"
        )
        .ok();
    }
    from
}

/// The condition for an event that breaks the rule; its reference is `known_<number>`.
fn breaks(number: usize, rule: &EventRule) -> String {
    let at = |bound: &Option<Bound>, sign: &str, column: &str| {
        let bound = bound.as_ref()?;
        Some(format!(
            "e.{column} {sign} CAST('{}' AS DECIMAL(28, 6))",
            bound.0
        ))
    };
    match of_each(rule) {
        Some(Check::NotNull { column }) => format!("e.{column} IS NULL"),
        Some(Check::Range { column, min, max }) => {
            let ends = [at(min, "<", column), at(max, ">", column)];
            ends.into_iter().flatten().collect::<Vec<_>>().join(" OR ")
        }
        Some(Check::Set { column, values }) => {
            let values: Vec<_> = values.iter().map(|value| literal(value)).collect();
            if values.is_empty() {
                return format!("e.{column} IS NOT NULL");
            }
            format!("e.{column} NOT IN ({})", values.join(", "))
        }
        Some(Check::Reference { column, to }) => {
            let key = &to.column;
            format!("e.{column} IS NOT NULL AND known_{number}.{key} IS NULL")
        }
        // No rule of each event: nothing breaks it.
        _ => "1 = 0".to_owned(),
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::Rules;

    #[test]
    fn a_rule_is_a_condition_whose_texts_can_not_break_out() {
        let text = "[[event]]\nname = \"it's\"\ncheck = \"set\"\ncolumn = \"city\"\n\
                    values = [\"L'Île\"]\naction = \"quarantine\"\n\
                    [[event]]\nname = \"r\"\ncheck = \"range\"\ncolumn = \"amount\"\nmin = -1\n\
                    max = 2.5\naction = \"quarantine\"\n";
        let rules = Rules::parse("q.toml", text).unwrap().events;
        let ruled: Vec<Ruled<'_>> = rules.iter().map(|rule| (rule, None)).collect();
        let sql = quarantined("SELECT 1", &ruled);
        assert_eq!(
            sql,
            "SELECT CASE WHEN e.city NOT IN ('L''Île') THEN 'it''s' \
             WHEN e.amount < CAST('-1' AS DECIMAL(28, 6)) OR e.amount > CAST('2.5' AS DECIMAL(28, 6)) \
             THEN 'r' END AS rule, e.* FROM (SELECT 1) AS e WHERE (e.city NOT IN ('L''Île')) OR \
             (e.amount < CAST('-1' AS DECIMAL(28, 6)) OR e.amount > CAST('2.5' AS DECIMAL(28, 6)))"
        );
        assert_eq!(
            passed("SELECT 1", &ruled[1..]),
            "SELECT e.* FROM (SELECT 1) AS e WHERE (e.amount < CAST('-1' AS DECIMAL(28, 6)) OR \
             e.amount > CAST('2.5' AS DECIMAL(28, 6))) IS NOT TRUE"
        );
    }

    #[test]
    fn a_reference_is_joined_by_the_rule_that_asks_it() {
        let text = "[[event]]\nname = \"known\"\ncheck = \"reference\"\ncolumn = \"customer_id\"\n\
                    references = \"customers.id\"\naction = \"warn\"\n";
        let rules = Rules::parse("q.toml", text).unwrap().events;
        let joined = Joined {
            table: "reference_0".to_owned(),
            column: "id".to_owned(),
        };
        assert_eq!(
            checks("SELECT 1", &[(&rules[0], Some(&joined))]),
            "SELECT e.day AS day, 'known' AS rule, 'warn' AS action, COUNT(*) AS events, \
             SUM(CASE WHEN e.customer_id IS NOT NULL AND known_0.id IS NULL THEN 1 ELSE 0 END) \
             AS failed FROM (SELECT 1) AS e LEFT JOIN reference_0 AS known_0 \
             ON known_0.id = e.customer_id GROUP BY e.day"
        );
    }
}
