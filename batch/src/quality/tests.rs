//! Rules over rows, as a worker and the manifest see them.

use super::references::References;
use super::{Binding, Facts, Reference, RowChecks, Rules, Verdict};
use crate::encode::{Column, IntegerWidth, Sign, SqlType};
use comptoir_model::quality::RuleResult;
use jiff::Timestamp;

const FACTS: Facts = Facts {
    rows: 100,
    rows_before: Some(100),
    now: Timestamp::UNIX_EPOCH,
};

fn columns() -> Vec<Column> {
    let column = |name: &str, sql_type| Column {
        name: name.to_owned(),
        declared: format!("{sql_type:?}"),
        sql_type,
    };
    vec![
        column(
            "id",
            SqlType::Integer {
                width: IntegerWidth::Bits32,
                sign: Sign::Signed,
            },
        ),
        column(
            "price",
            SqlType::Decimal {
                precision: 65,
                scale: 30,
            },
        ),
        column("day", SqlType::DateTime),
        column("size", SqlType::Text),
    ]
}

fn binding(lines: &str) -> Binding {
    let text = format!("values_max = 3\n[[rule]]\ntable = \"t\"\n{lines}\n");
    let rules = Rules::parse("quality.toml", &text).unwrap();
    let sizes = Reference {
        table: "sizes".to_owned(),
        column: "name".to_owned(),
    };
    let references = References::default().with(sizes, &[b"Small", b"Large"]);
    Binding::new(rules.of_table("t"), &columns(), &references).unwrap()
}

fn feed(checks: &mut RowChecks, column: usize, value: Option<&str>) -> Verdict {
    checks.value(column, value.map(str::as_bytes));
    checks.end_row(|| None)
}

/// The values that a rule sets aside, and its result.
fn checked(lines: &str, values: &[Option<&str>]) -> (Vec<usize>, RuleResult) {
    let binding = binding(lines);
    let mut checks = binding.checks();
    let column = checks.columns()[0];
    let set_aside = (values.iter().enumerate())
        .filter(|(_, value)| feed(&mut checks, column, **value) == Verdict::SetAside)
        .map(|(place, _)| place)
        .collect();
    let mut outcomes = binding.outcomes(vec![checks], &FACTS);
    (set_aside, outcomes.remove(0).result)
}

fn broken(rows: u64, examples: &[&str]) -> RuleResult {
    RuleResult::BrokenRows {
        rows,
        examples: examples.iter().map(|text| (*text).to_owned()).collect(),
        unchecked: 0,
    }
}

#[test]
fn each_check_finds_the_rows_that_break_it() {
    for (lines, values, set_aside, result) in [
        (
            "check = \"not-null\"\ncolumn = \"id\"",
            &[Some("1"), None][..],
            &[1][..],
            broken(1, &["NULL"]),
        ),
        (
            "check = \"range\"\ncolumn = \"price\"\nmin = 0\nmax = \"99999999999999999999.5\"",
            &[
                Some("0.00"),
                Some("-0.01"),
                Some("99999999999999999999.500"),
                Some("99999999999999999999.51"),
                None,
            ],
            &[1, 3],
            broken(2, &["-0.01", "99999999999999999999.51"]),
        ),
        (
            "check = \"range\"\ncolumn = \"day\"\nmin = 2003-01-06\nmax = 2005-05-31",
            &[
                Some("2003-01-06 00:00:00"),
                Some("2003-01-05 23:59:59"),
                Some("2005-05-31 00:00:00"),
                Some("2005-05-31 00:00:01"),
            ],
            &[1, 3],
            broken(2, &["2003-01-05 23:59:59", "2005-05-31 00:00:01"]),
        ),
        (
            "check = \"set\"\ncolumn = \"size\"\nvalues = [\"Small\"]",
            &[Some("Small"), Some("small"), None],
            &[1],
            broken(1, &["small"]),
        ),
        (
            "check = \"unique\"\ncolumn = \"id\"",
            &[Some("1"), Some("2"), Some("1"), None, None],
            &[2],
            broken(1, &["1"]),
        ),
        (
            "check = \"reference\"\ncolumn = \"size\"\nreferences = \"sizes.name\"",
            &[Some("Small"), Some("Huge"), None],
            &[1],
            broken(1, &["Huge"]),
        ),
    ] {
        let quarantine = format!("{lines}\naction = \"quarantine\"");
        assert_eq!(
            checked(&quarantine, values),
            (set_aside.to_vec(), result.clone()),
            "{lines}"
        );
        let warn = format!("{lines}\naction = \"warn\"");
        assert_eq!(checked(&warn, values), (Vec::new(), result), "{lines}");
    }
}

#[test]
fn a_rule_that_cannot_be_decided_is_not_kept() {
    let lines = "check = \"unique\"\ncolumn = \"id\"\naction = \"fail\"";
    let (_, result) = checked(lines, &[Some("1"), Some("2"), Some("3"), Some("4")]);
    assert!(matches!(result, RuleResult::Undecided { .. }), "{result:?}");
    let binding = binding(lines);
    let mut checks = binding.checks();
    for id in ["1", "2", "3", "4"] {
        let _kept = feed(&mut checks, 0, Some(id));
    }
    assert!(binding.outcomes(vec![checks], &FACTS)[0].forbids_publication());
}

#[test]
fn workers_share_what_they_saw_and_add_up() {
    let binding = binding("check = \"unique\"\ncolumn = \"id\"\naction = \"quarantine\"");
    let (mut one, mut other) = (binding.checks(), binding.checks());
    assert_eq!(feed(&mut one, 0, Some("7")), Verdict::Keep);
    assert_eq!(feed(&mut other, 0, Some("7")), Verdict::SetAside);
    assert_eq!(
        binding.outcomes(vec![one, other], &FACTS)[0].result,
        broken(1, &["7"])
    );
}

#[test]
fn the_number_of_rows_is_held_against_the_run_before() {
    let binding =
        binding("check = \"row-count\"\nmin_percent = 80\nmax_percent = 120\naction = \"fail\"");
    for (rows, rows_before, kept) in [
        (80, Some(100), true),
        (79, Some(100), false),
        (120, Some(100), true),
        (121, Some(100), false),
        (0, None, true),
    ] {
        let facts = Facts {
            rows,
            rows_before,
            ..FACTS
        };
        let outcome = binding.outcomes(Vec::new(), &facts).remove(0);
        assert_eq!(outcome.is_kept(), kept, "{rows} {rows_before:?}");
    }
}

#[test]
fn the_newest_row_says_how_fresh_the_data_is() {
    let lines = "check = \"freshness\"\ncolumn = \"day\"\nmax_age = \"36h\"\naction = \"warn\"";
    let fresh = ["1960-01-01 00:00:00", "1969-12-30 12:00:00"].map(Some);
    assert_eq!(checked(lines, &fresh).1, RuleResult::Kept);
    let stale = [Some("1969-12-30 11:59:59"), None];
    let (_, result) = checked(lines, &stale);
    assert_eq!(
        result,
        RuleResult::Broken {
            found: "the newest is 1969-12-30 11:59:59".to_owned()
        }
    );
    assert!(matches!(
        checked(lines, &[None]).1,
        RuleResult::Broken { .. }
    ));
}

#[test]
fn a_rule_that_does_not_fit_the_table_names_its_line() {
    for (lines, said) in [
        ("check = \"unique\"\ncolumn = \"nope\"", "no column `nope`"),
        (
            "check = \"range\"\ncolumn = \"size\"\nmin = 1",
            "`size` is Text, which has no ranges",
        ),
        (
            "check = \"range\"\ncolumn = \"id\"\nmin = \"a\"",
            "`a` is no bound for `id`",
        ),
        (
            "check = \"freshness\"\ncolumn = \"id\"\nmax_age = \"1h\"",
            "not a date or time",
        ),
    ] {
        let text = format!("[[rule]]\ntable = \"t\"\n{lines}\naction = \"warn\"\n");
        let rules = Rules::parse("quality.toml", &text).unwrap();
        let error = Binding::new(rules, &columns(), &References::default()).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("quality.toml:1: ") && error.contains(said),
            "{error}"
        );
    }
}
