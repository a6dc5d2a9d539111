//! TINYINT(1) and BIT: two parts, whatever was asked for.

use super::Coverage;

pub(super) fn conditions(
    column: &str,
    min: &str,
    max: &str,
    coverage: Coverage,
) -> Vec<Option<String>> {
    // The server sends BIT as a byte.
    let is_zero = |bound: &str| bound == "0" || bound.bytes().all(|byte| byte == 0);
    let (some_zero, some_other) = (is_zero(min), !is_zero(max) || !is_zero(min));
    let (zeros, others) = match coverage {
        Coverage::Whole => (
            format!("{column} = 0 OR {column} IS NULL"),
            format!("{column} <> 0"),
        ),
        Coverage::Bounded => (format!("{column} = FALSE"), format!("{column} = TRUE")),
    };
    match (coverage, some_zero, some_other) {
        (_, true, true) => vec![Some(zeros), Some(others)],
        (Coverage::Whole, ..) => vec![None],
        (Coverage::Bounded, true, false) => vec![Some(zeros)],
        (Coverage::Bounded, false, _) => vec![Some(others)],
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
    }

    #[test]
    fn one_value_makes_one_part() {
        assert_eq!(conditions("c", "1", "1", Coverage::Whole), [None]);
        let parts = conditions("c", "0", "0", Coverage::Bounded);
        assert_eq!(parts, [Some("c = FALSE".to_owned())]);
    }
}
