//! TINYINT(1) and BIT: two parts, whatever was asked for.

use super::Coverage;

pub(super) fn conditions(
    column: &str,
    min: &str,
    max: &str,
    coverage: Coverage,
) -> Vec<Option<String>> {
    let (false_part, true_part) = match coverage {
        Coverage::Whole if min == max => return vec![None],
        Coverage::Whole => (
            Some(format!("{column} = 0 OR {column} IS NULL")),
            Some(format!("{column} <> 0")),
        ),
        Coverage::Bounded => (
            (!is_true(min)).then(|| format!("{column} = FALSE")),
            is_true(max).then(|| format!("{column} = TRUE")),
        ),
    };
    false_part.into_iter().chain(true_part).map(Some).collect()
}

/// As JDBC's driver reads a number. The server sends some BITs as bytes.
fn is_true(bound: &str) -> bool {
    match bound.parse::<i64>() {
        Ok(number) => number == -1 || number > 0,
        Err(_) => bound.bytes().any(|byte| byte != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_make_two_parts() {
        let parts = conditions("c", "0", "1", Coverage::Whole);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].as_deref(), Some("c = 0 OR c IS NULL"));
        assert_eq!(conditions("c", "\0", "\u{1}", Coverage::Bounded).len(), 2);
        assert_eq!(conditions("c", "-2", "7", Coverage::Whole).len(), 2);
    }

    #[test]
    fn one_value_makes_one_part() {
        assert_eq!(conditions("c", "1", "1", Coverage::Whole), [None]);
        let parts = conditions("c", "0", "0", Coverage::Bounded);
        assert_eq!(parts, [Some("c = FALSE".to_owned())]);
    }
}
