use super::parse;
use comptoir_model::api::access::JournalPage;
use comptoir_model::api::jobs::JobRuns;
use comptoir_model::api::live::{LiveMessage, LiveUpdate};
use comptoir_model::api::logs::LogsSummary;
use comptoir_model::api::{HistorySummary, Problem};
use comptoir_model::ids::Offset;
use comptoir_model::money::Money;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Both readers take it, and make the same of it.
fn is_read_as_by_serde_json<T: DeserializeOwned + PartialEq + Debug>(json: &str) -> T {
    let read = parse::<T>(json).unwrap_or_else(|| panic!("{json} is not read"));
    assert_eq!(read, serde_json::from_str::<T>(json).unwrap());
    read
}

const SNAPSHOT: &str = r#"{
    "as_of": {"time": "2026-11-22T10:42:07.5Z", "offsets": [{"stream": "s", "partition": 2, "next": 18446744073709551615}]},
    "source": {
        "state": "catching_up", "since": "2026-11-22T10:00:00Z", "fresh_through": null, "checked_at": null,
        "partitions": [{"stream": "s", "partition": 2, "generation": 1, "covered": 0, "next": 7, "log_end": null,
            "fresh_through": null, "checked_at": null, "lag": null, "lag_unit": "records", "ended": true}],
        "gaps": [], "dead_letters": {"total": 3, "newest_at": null, "by_reason": [["not_json", 3]]}
    },
    "series": {"minutes": [{"start": "2026-11-22T10:42:00Z", "transactions": 1, "approved": 1, "units": 2, "revenue": [{
        "gross": {"amount": "10.50", "currency": "EUR"}, "refunds": {"amount": "0.00", "currency": "EUR"},
        "net": {"amount": "10.50", "currency": "EUR"}}]}]},
    "groups": [],
    "from_a_later_server": [{"with": 1.5e300, "more": [null, -1]}, "h\u00e9, \"\ud83d\uded2\""]
}"#;

const CHANGE: &str = r#"{
    "as_of": {"time": "2026-11-22T10:42:08Z", "offsets": []},
    "source": {"state": "live", "since": "2026-11-22T10:00:00Z", "fresh_through": null, "checked_at": null},
    "groups": [{"window": "5m", "dimension": "city", "total": 31, "rows": {
        "changed": [[4, 3, [18, 15, 27, "3120.50", "0.00"]]]}}]
}"#;

#[test]
fn answers_are_read_as_serde_json_reads_them() {
    let snapshot: LiveMessage = is_read_as_by_serde_json(SNAPSHOT);
    assert_eq!(snapshot.as_of.offsets[0].next, Offset(u64::MAX));
    is_read_as_by_serde_json::<LiveUpdate>(CHANGE);
    is_read_as_by_serde_json::<JobRuns>(
        r#"{"name": "sales", "runs": [{"id": -3, "outcome": "done", "host": "h", "pid": 1,
            "started_at": "2026-11-22T10:00:00Z", "ended_at": null, "attempts": 1, "run": null, "rows": 5,
            "bytes": null, "error": "a \"b\"\\\n"}]}"#,
    );
    is_read_as_by_serde_json::<JournalPage>(
        r#"{"entries": [{"number": -1, "id": "i", "at": "2026-11-22T10:00:00Z", "who": "user:ada", "address": "::1",
            "action": "login", "outcome": "refused", "detail": "\u00e9"}], "next": null}"#,
    );
    // Fields that two structs share, and an error within an answer.
    let summary: HistorySummary = is_read_as_by_serde_json(
        r#"{"lines": 2, "orders": 1, "customers": 1, "sales": {"amount": "1.00", "currency": "EUR"},
            "net_sales": {"amount": "1", "currency": "EUR"},
            "cancelled_sales": {"amount": "-0.5", "currency": "EUR"}, "average_basket": null,
            "period": {"first": "2003-01-06", "last": "2005-05-31"},
            "as_of": {"time": "2026-11-22T10:42:08Z", "offsets": []},
            "import": {"run": "20261121T040000Z-5f2a90c1", "table": "sales",
                "imported_at": "2026-11-22T10:42:08Z", "location": "file:///lake", "rows": 2, "bytes": 9,
                "parts": []},
            "stale": {"since": "2026-11-22T10:42:08Z", "problem": {"type": "/problems/lake-unavailable",
                "title": "t", "status": 503, "detail": "d"}}}"#,
    );
    assert_eq!(summary.figures.lines, 2);
}

#[test]
fn what_the_api_does_not_promise_is_not_read() {
    let amount = |amount: &str| format!(r#"{{"amount": {amount}, "currency": "EUR"}}"#);
    assert!(parse::<Money>(&amount(r#""1.50""#)).is_some());
    for json in [
        amount("1.50"),
        amount("null"),
        amount(r#""1,50""#),
        amount(r#""1.50", "amount": "2.00""#),
        r#"["1.50", "EUR"]"#.to_owned(),
        r#"{"amount": "1.50"}"#.to_owned(),
        r#"{"amount": "1.50", "currency": "EUR"} x"#.to_owned(),
        r#"{"amount": "1.50", "currency": "EUR""#.to_owned(),
        "<html>a proxy</html>".to_owned(),
        String::new(),
    ] {
        assert!(parse::<Money>(&json).is_none(), "{json}");
    }
    let kind =
        |kind: &str| format!(r#"{{"type": "{kind}", "title": "t", "status": 404, "detail": "d"}}"#);
    assert!(parse::<Problem>(&kind("/problems/not-found")).is_some());
    assert!(parse::<Problem>(&kind("/problems/of-a-later-server")).is_none());
    assert!(parse::<LogsSummary>("{}").is_none());
}

proptest! {
    #[test]
    fn numbers_and_texts_survive(unsigned: u64, signed: i64, small: u16, text: String, no: bool) {
        let all = (unsigned, signed, small, Some(text), None::<u8>, no);
        let json = serde_json::to_string(&all).unwrap();
        prop_assert_eq!(parse::<(u64, i64, u16, Option<String>, Option<u8>, bool)>(&json), Some(all));
    }
}
