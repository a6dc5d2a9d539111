use super::*;
use proptest::prelude::*;

fn cutting<'a>(splitter: Splitter, min: &'a str, max: &'a str, ranges: u32) -> Cutting<'a> {
    Cutting {
        splitter,
        column: "c",
        bounds: (Some(min), Some(max)),
        ranges: NonZeroU32::new(ranges).unwrap(),
        limit: None,
        coverage: Coverage::Whole,
        faithful: false,
    }
}

fn conditions(cutting: &Cutting<'_>) -> Vec<String> {
    let conditions = plan(cutting).unwrap().into_iter();
    conditions.map(Option::unwrap_or_default).collect()
}

#[test]
fn every_row_has_a_part_also_without_a_value() {
    assert_eq!(
        conditions(&cutting(Splitter::Integer, "0", "9", 3)),
        ["c < 3 OR c IS NULL", "c >= 3 AND c < 6", "c >= 6"]
    );
    assert_eq!(
        conditions(&cutting(Splitter::Float, "0", "9", 3)),
        ["c < 3.0 OR c IS NULL", "c >= 3.0 AND c < 6.0", "c >= 6.0"]
    );
}

#[test]
fn a_boundary_query_leaves_out_what_is_beyond() {
    let bounded = Cutting {
        coverage: Coverage::Bounded,
        ..cutting(Splitter::Integer, "5", "20", 2)
    };
    assert_eq!(
        conditions(&bounded),
        ["c >= 5 AND c < 13", "c >= 13 AND c <= 20"]
    );
}

#[test]
fn texts_are_cut_safely_in_any_collation() {
    let parts = conditions(&cutting(Splitter::Text, "a", "m", 3));
    assert_eq!(
        parts,
        [
            "c < _utf8mb4 x'65' OR c IS NULL",
            "c >= _utf8mb4 x'65' AND c < _utf8mb4 x'69'",
            "c >= _utf8mb4 x'65' AND c >= _utf8mb4 x'69'"
        ]
    );
}

#[test]
fn a_column_without_values_makes_one_part() {
    let empty = Cutting {
        bounds: (None, None),
        ..cutting(Splitter::Integer, "", "", 4)
    };
    assert_eq!(plan(&empty), Ok(vec![None]));
    let as_sqoop = Cutting {
        coverage: Coverage::Bounded,
        ..empty
    };
    assert_eq!(plan(&as_sqoop), Ok(vec![Some("c IS NULL".to_owned())]));
}

proptest! {
    #[test]
    fn every_integer_falls_into_exactly_one_part(
        one: i64, other: u64, ranges in 1..=64u32, values in prop::collection::vec(any::<i128>(), 20),
    ) {
        let (min, max) = (i128::from(one).min(other.into()), i128::from(one).max(other.into()));
        let ranges = NonZeroU32::new(ranges).unwrap();
        let points: Vec<_> = integer::points(min, max, ranges, None).iter().map(ToString::to_string).collect();
        let cuts: Vec<i128> = inner(&points).iter().map(|cut| cut.parse().unwrap()).collect();
        let near = cuts.iter().flat_map(|cut| [cut.saturating_sub(1), *cut, cut.saturating_add(1)]);
        let parts = whole("c", &inner(&points));
        prop_assert_eq!(parts.len(), cuts.len() + 1);
        prop_assert!(cuts.is_sorted_by(|one, other| one < other), "{:?}", cuts);
        for value in near.chain([min, max]).chain(values) {
            // Ranges between ascending cuts with open ends: the cuts at or below name the part.
            let part = cuts.partition_point(|cut| *cut <= value);
            let condition = parts[part].clone().unwrap_or_default();
            for bound in condition.split(" AND ") {
                let holds = match bound.trim_end_matches(" OR c IS NULL").split_once(' ').map(|(_, rest)| rest) {
                    Some(rest) if rest.starts_with(">= ") => value >= rest[3..].parse().unwrap(),
                    Some(rest) if rest.starts_with("< ") => value < rest[2..].parse().unwrap(),
                    _ => true,
                };
                prop_assert!(holds, "{} in {}", value, condition);
            }
        }
    }
}
