use super::*;
use proptest::prelude::*;

fn line(message: &str) -> AppLogLine {
    let time = "2026-11-21T13:00:00.000123999Z".parse().unwrap();
    AppLogLine::new(time, Level::Info, "batch".parse().unwrap(), message)
}

#[test]
fn writes_one_json_object_with_its_keys_in_order() {
    let line = line("imported")
        .with("table", "sales")
        .with("rows", 2823_u64)
        .with("done", true);
    assert_eq!(
        line.to_string(),
        r#"{"time":"2026-11-21T13:00:00.000123Z","level":"INFO","component":"batch","message":"imported","fields":{"table":"sales","rows":2823,"done":true}}"#
    );
    assert_eq!(AppLogLine::parse(line.to_string().as_bytes()), Ok(line));
}

#[test]
fn a_line_without_fields_has_no_key_for_them() {
    assert!(
        line("started")
            .to_string()
            .ends_with(r#""message":"started"}"#)
    );
}

#[test]
fn a_message_can_not_forge_a_line_or_drive_a_terminal() {
    let written = line("a\r\n{\"time\":1}\u{1b}[2J\u{9b}\u{2028}\u{202e}\u{feff}b").to_string();
    assert!(
        written.contains(r#""a\r\n{\"time\":1}\u001b[2J\u009b\u2028\u202e\ufeffb""#),
        "{written}"
    );
}

#[test]
fn a_later_value_of_a_field_replaces_the_earlier_one() {
    let line = line("x").with("n", 1_i64).with("m", 2_i64).with("n", 3_i64);
    assert_eq!(
        line.fields(),
        [
            ("n".to_owned(), FieldValue::Integer(3)),
            ("m".to_owned(), FieldValue::Integer(2))
        ]
    );
}

#[test]
fn what_is_not_exact_as_a_number_is_text() {
    assert_eq!(
        FieldValue::from(u64::MAX),
        FieldValue::Text(u64::MAX.to_string())
    );
    assert_eq!(
        FieldValue::from(f64::NAN),
        FieldValue::Text("NaN".to_owned())
    );
    assert_eq!(FieldValue::from(0.5), FieldValue::Text("0.5".to_owned()));
}

#[test]
fn the_largest_line_fits_its_limit_and_says_what_is_gone() {
    let noise = "\u{1}".repeat(100_000);
    let mut line = line(&noise).with(MORE_FIELDS, false);
    for field in 0..100 {
        line = line.with(&format!("{field}{noise}"), noise.as_str());
    }
    let written = line.to_string();
    assert!(written.len() <= LINE_BYTES_MAX, "{}", written.len());
    assert!(written.contains("… (91808 bytes cut)"));
    let (name, count) = line.fields().last().unwrap();
    assert_eq!(
        (name.as_str(), count),
        (MORE_FIELDS, &FieldValue::Integer(69))
    );
    assert_eq!(AppLogLine::parse(written.as_bytes()), Ok(line));
}

#[test]
fn cuts_between_characters() {
    assert_eq!(cut("aé", 2), "a… (2 bytes cut)");
}

#[test]
fn refuses_what_it_would_not_write() {
    let good = line("x").with("n", 1_i64).to_string();
    let refused = |from: &str, to: &str| {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        AppLogLine::parse(bad.as_bytes()).unwrap_err()
    };
    let time = refused("00.000123Z", "00Z");
    assert!(matches!(time, AppLogError::Time(_)), "{time}");
    let offset = refused("00.000123Z", "00.000123+00:00");
    assert!(matches!(offset, AppLogError::Time(_)), "{offset}");
    let component = refused("batch", "BATCH");
    assert!(
        matches!(component, AppLogError::Component(_)),
        "{component}"
    );
    for (from, to) in [
        ("INFO", "info"),
        (r#","message":"x""#, ""),
        (r#"{"time""#, r#"{"extra":1,"time""#),
        (r#"{"n":1}"#, r#"{"n":1,"n":2}"#),
        (r#"{"n":1}"#, r#"{"n":[1]}"#),
        (r#"{"n":1}"#, r#"{"n":18446744073709551615}"#),
        (r#"{"n":1}"#, r#"{"n":1}}"#),
    ] {
        let error = refused(from, to);
        assert!(matches!(error, AppLogError::NotALine(_)), "{to}: {error}");
    }
    assert_eq!(
        AppLogLine::parse(b"\xff"),
        Err(AppLogError::NotUtf8 { at: 0 })
    );
    let long = vec![b' '; LINE_BYTES_MAX + 1];
    assert_eq!(AppLogLine::parse(&long), Err(AppLogError::TooLong(524_289)));
}

fn any_value() -> impl Strategy<Value = FieldValue> {
    prop_oneof![
        any::<i64>().prop_map(FieldValue::from),
        any::<bool>().prop_map(FieldValue::from),
        any::<String>().prop_map(|text| FieldValue::from(text.as_str())),
    ]
}

proptest! {
    #[test]
    fn every_line_is_one_line_and_is_read_back(
        microsecond in 0..4_102_444_800_000_000_i64,
        level in prop::sample::select(&Level::ALL[..]),
        component in "[a-z0-9-]{1,32}",
        message in any::<String>(),
        fields in prop::collection::vec((any::<String>(), any_value()), 0..6),
    ) {
        let time = Timestamp::from_microsecond(microsecond).unwrap();
        let mut line = AppLogLine::new(time, level, component.parse().unwrap(), &message);
        for (name, value) in fields {
            line = line.with(&name, value);
        }
        let written = line.to_string();
        prop_assert!(!written.chars().any(misleads), "{}", written);
        prop_assert_eq!(AppLogLine::parse(written.as_bytes()), Ok(line));
    }

    #[test]
    fn random_bytes_are_no_line(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(AppLogLine::parse(&bytes).is_err());
    }
}
