use super::*;
use crate::event::EventId;
use proptest::collection::vec;
use proptest::prelude::*;

const NOON: &str = "2026-11-21T12:00:00Z";

fn sale(id: &str, event_time: &str) -> String {
    format!(
        r#"{{"event_id": "{id}", "event_time": "{event_time}", "order_id": "o-1", "order_line": 1,
        "product_id": "p-1", "product_name": "Tea", "category": "Grocery", "merchant": "Port",
        "quantity": 1, "unit_price": "4.50", "amount": "4.50", "currency": "EUR",
        "country": "France", "city": "Nantes", "channel": "store", "payment_method": "card",
        "status": "APPROVED"}}"#
    )
}

fn record(offset: u64, bytes: &str) -> Record<'_> {
    Record {
        offset: Offset(offset),
        timestamp: NOON.parse().unwrap(),
        bytes: bytes.as_bytes(),
    }
}

fn judge_all(records: &[(u64, String)], window: &mut DuplicateWindow) -> Vec<String> {
    let show = |(offset, bytes): &(u64, String)| {
        let verdict = judge(record(*offset, bytes), MappingVersion::V1, window).unwrap();
        match verdict {
            Verdict::Duplicate { of } => format!("duplicate of {}", of.0),
            other => other.as_str().to_owned(),
        }
    };
    records.iter().map(show).collect()
}

#[test]
fn an_event_may_be_a_day_ahead_of_its_record_and_no_more() {
    let at = |time: &str| {
        let bytes = sale("e", time);
        let mut window = DuplicateWindow::new(Reach::KAFKA);
        let verdict = judge(record(0, &bytes), MappingVersion::V1, &mut window).unwrap();
        match verdict {
            Verdict::Rejected(rejection) => {
                (rejection.reason(), rejection.field().unwrap().as_str())
            }
            other => (other.as_str(), ""),
        }
    };
    assert_eq!(at("2026-11-22T12:00:00Z"), ("accepted", ""));
    assert_eq!(
        at("2026-11-22T12:00:00.000000001Z"),
        ("too_far_ahead", "event_time")
    );
    assert_eq!(at("2000-01-01T00:00:00Z"), ("accepted", ""));
}

#[test]
fn a_record_that_was_rejected_for_its_time_leaves_its_id_free() {
    let records = [
        (0, sale("e", "2027-01-01T00:00:00Z")),
        (1, sale("e", NOON)),
        (2, sale("e", NOON)),
    ];
    let mut window = DuplicateWindow::new(Reach::KAFKA);
    assert_eq!(
        judge_all(&records, &mut window),
        ["rejected", "accepted", "duplicate of 1"]
    );
}

#[test]
fn the_window_reaches_back_exactly_its_distance() {
    let records = [
        (100, sale("e", NOON)),
        (110, sale("e", NOON)),
        (120, sale("e", NOON)),
        (131, sale("e", NOON)),
    ];
    let mut window = DuplicateWindow::new(Reach::new(10));
    assert_eq!(
        judge_all(&records, &mut window),
        [
            "accepted",
            "duplicate of 100",
            "duplicate of 110",
            "accepted"
        ]
    );
}

#[test]
fn refuses_a_record_that_was_judged_before_and_keeps_the_window() {
    let bytes = sale("e", NOON);
    let mut window = DuplicateWindow::new(Reach::KAFKA);
    judge_all(&[(7, bytes.clone())], &mut window);
    for bytes in [bytes.as_str(), ""] {
        assert_eq!(
            judge(record(7, bytes), MappingVersion::V1, &mut window),
            Err(OutOfOrder {
                offset: Offset(7),
                last: Offset(7)
            })
        );
    }
    assert_eq!(judge_all(&[(8, bytes)], &mut window), ["duplicate of 7"]);
}

#[test]
fn any_timestamp_of_a_producer_is_a_time() {
    assert_eq!(record_timestamp(i64::MIN), Timestamp::MIN);
    assert_eq!(record_timestamp(i64::MAX), Timestamp::MAX);
    assert_eq!(
        record_timestamp(1_500).to_string(),
        "1970-01-01T00:00:01.5Z"
    );
    let bytes = sale("e", NOON);
    let without_time = Record {
        timestamp: record_timestamp(-1),
        ..record(0, &bytes)
    };
    let rejection = read_record(without_time, MappingVersion::V1).unwrap_err();
    assert_eq!(rejection.reason(), "too_far_ahead");
}

#[test]
fn a_stored_mapping_version_is_known_or_not_guessed() {
    let newest = MappingVersion::NEWEST;
    assert_eq!(MappingVersion::from_number(newest.number()), Some(newest));
    assert_eq!(MappingVersion::from_number(newest.number() + 1), None);
}

#[test]
fn a_full_window_holds_what_is_in_reach_and_no_more() {
    let reach = 50;
    let mut window = DuplicateWindow::new(Reach::new(reach));
    for offset in 0..5_000 {
        let id = EventId::parse(format!("event-{offset}")).unwrap();
        assert_eq!(window.admit(Offset(offset), &id), Ok(None));
        assert!(window.remembered() <= 51);
    }
    window.pass(Offset(10_000)).unwrap();
    assert_eq!(window.remembered(), 0);
}

/// Records at offsets that are not dense, with few ids, so that most of them come again; one in
/// eight is rejected.
fn records() -> impl Strategy<Value = Vec<(u64, String)>> {
    let record = (1_u64..12, 0_u8..12, 0_u8..8);
    vec(record, 1..120).prop_map(|drafts| {
        let mut offset = 0;
        let record = |(gap, id, kind)| {
            offset += gap;
            let bytes = match kind {
                0 => sale(&format!("e-{id}"), "2026-12-31T00:00:00Z"),
                // Ids of different lengths wrap around inside the window's bytes.
                _ => sale(&"x".repeat(usize::from(id) + 1), NOON),
            };
            (offset, bytes)
        };
        drafts.into_iter().map(record).collect()
    })
}

/// The definition, word by word: every earlier record is looked at.
fn judge_naively(records: &[(u64, String)], reach: u64) -> Vec<String> {
    let read = |(offset, bytes): &(u64, String)| {
        read_record(record(*offset, bytes), MappingVersion::V1)
            .ok()
            .map(|event| event.event_id.as_str().to_owned())
    };
    let ids: Vec<Option<String>> = records.iter().map(read).collect();
    let verdict = |at: usize| {
        let Some(id) = &ids[at] else {
            return "rejected".to_owned();
        };
        let earlier = (0..at).rev().find(|&earlier| {
            ids[earlier].as_ref() == Some(id) && records[at].0 - records[earlier].0 <= reach
        });
        match earlier {
            None => "accepted".to_owned(),
            Some(earlier) => format!("duplicate of {}", records[earlier].0),
        }
    };
    (0..records.len()).map(verdict).collect()
}

proptest! {
    #[test]
    fn judges_as_the_definition_does(records in records(), reach in 0_u64..150) {
        let mut window = DuplicateWindow::new(Reach::new(reach));
        prop_assert_eq!(judge_all(&records, &mut window), judge_naively(&records, reach));
    }

    #[test]
    fn a_rebuilt_window_judges_as_one_that_saw_everything(
        records in records(),
        reach in 0_u64..150,
        cut in any::<prop::sample::Index>(),
    ) {
        let reach = Reach::new(reach);
        let expected = judge_all(&records, &mut DuplicateWindow::new(reach));
        let cut = cut.index(records.len());
        // The stored position may lie anywhere behind the record before it.
        let next = match cut {
            0 => Offset(0),
            _ => Offset(records[cut - 1].0 + 1),
        };
        let start = reach.start(next);
        let from = records.partition_point(|(offset, _)| *offset < start.0);
        let mut rebuilt = DuplicateWindow::new(reach);
        judge_all(&records[from..cut], &mut rebuilt);
        prop_assert_eq!(judge_all(&records[cut..], &mut rebuilt), &expected[cut..]);
    }

    #[test]
    fn a_window_rebuilt_from_known_ids_judges_the_same(
        records in records(),
        reach in 0_u64..150,
        cut in any::<prop::sample::Index>(),
    ) {
        let reach = Reach::new(reach);
        let expected = judge_all(&records, &mut DuplicateWindow::new(reach));
        let cut = cut.index(records.len());
        let mut rebuilt = DuplicateWindow::new(reach);
        for (offset, bytes) in &records[..cut] {
            if let Ok(event) = read_record(record(*offset, bytes), MappingVersion::V1) {
                rebuilt.admit(Offset(*offset), &event.event_id).unwrap();
            }
        }
        prop_assert_eq!(judge_all(&records[cut..], &mut rebuilt), &expected[cut..]);
    }
}
