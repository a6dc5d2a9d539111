//! The schema file and the reader agree: each rule of the schema is the reader's, and the reader
//! has only the further rules that are listed here.

use comptoir_model::event::{
    AMOUNT_DECIMALS_MAX, AMOUNT_DIGITS_MAX, Channel, EVENT_BYTES_MAX, EVENT_DEPTH_MAX, Field,
    ID_CHARS_MAX, ORDER_LINE_MAX, PaymentMethod, QUANTITY_MAX, Status, TEXT_CHARS_MAX, YEAR_FIRST,
    YEAR_LAST, read_event,
};
use comptoir_speed::SCHEMA;
use jsonschema::Validator;
use serde_json::{Value, json};

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

pub(crate) fn validator() -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema())
        .unwrap()
}

fn example() -> Value {
    schema()["examples"][0].clone()
}

fn names(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().map(|field| field.as_str()).collect()
}

#[test]
fn the_schema_is_a_valid_schema() {
    jsonschema::meta::validate(&schema()).unwrap();
}

#[test]
fn fields_words_and_limits_are_those_of_the_reader() {
    let schema = schema();
    let mut fields: Vec<_> = schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let mut known = names(Field::ALL);
    fields.sort_unstable();
    known.sort_unstable();
    assert_eq!(fields, known);

    let required: Vec<Field> = Field::ALL
        .iter()
        .copied()
        .filter(|field| !field.is_optional())
        .collect();
    assert_eq!(schema["required"], json!(names(&required)));

    let properties = &schema["properties"];
    assert_eq!(properties["channel"]["enum"], json!(Channel::WORDS));
    assert_eq!(
        properties["payment_method"]["enum"],
        json!(PaymentMethod::WORDS)
    );
    let statuses: Vec<_> = properties["status"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    let statuses: Vec<_> = statuses.iter().map(|status| &status["const"]).collect();
    assert_eq!(json!(statuses), json!(Status::WORDS));
    assert_eq!(properties["quantity"]["maximum"], json!(QUANTITY_MAX));
    assert_eq!(properties["order_line"]["maximum"], json!(ORDER_LINE_MAX));
    assert_eq!(
        schema["$defs"]["id"]["pattern"],
        json!(format!("^[!-~]{{1,{ID_CHARS_MAX}}}$"))
    );
    assert_eq!(schema["$defs"]["text"]["maxLength"], json!(TEXT_CHARS_MAX));
    let amount = format!(
        "^(0|[1-9][0-9]{{0,{}}})(\\.[0-9]{{1,{AMOUNT_DECIMALS_MAX}}})?$",
        AMOUNT_DIGITS_MAX - 1
    );
    assert_eq!(
        schema["$defs"]["amount"]["oneOf"][0]["pattern"],
        json!(amount)
    );
    assert_eq!(
        (YEAR_FIRST, YEAR_LAST),
        (2000, 2099),
        "the schema's pattern says 20[0-9]{{2}}"
    );
    assert_eq!(
        (EVENT_BYTES_MAX, EVENT_DEPTH_MAX),
        (65_536, 16),
        "the schema's description names both"
    );
}

/// Values to try in a field, good and bad ones alike.
fn values(field: Field) -> Vec<String> {
    let text = |text: &str| serde_json::to_string(text).unwrap();
    let mut values: Vec<String> = [
        "null", "true", "[]", "{}", "\"\"", "\" \"", "0", "1", "-1", "1.5", "\"x\"", "\"EUR\"",
    ]
    .map(str::to_owned)
    .into();
    values.extend(match field {
        Field::EventId | Field::OrderId | Field::CustomerId | Field::ProductId => vec![
            text("!~"),
            text("a b"),
            text("é"),
            text("a\n"),
            text("\u{7f}"),
            text(&"x".repeat(64)),
            text(&"x".repeat(65)),
        ],
        Field::CustomerName
        | Field::ProductName
        | Field::Category
        | Field::Merchant
        | Field::Country
        | Field::City => vec![
            text("Saint-Étienne du Rouvray"),
            text(" x"),
            text("x "),
            text("\u{a0}x\u{2028}"),
            text("x\ny"),
            text("x\n"),
            text("\u{0}"),
            text("\u{85}"),
            text("x\u{9f}y"),
            text("🛒"),
            text(&"🛒".repeat(100)),
            text(&"é".repeat(101)),
        ],
        Field::EventTime => [
            "2026-11-21T14:00:00Z",
            "2026-11-21T14:00:00+01:00",
            "2026-11-21T14:00:00-00:00",
            "2026-11-21T14:00:00+23:59",
            "2026-11-21T14:00:00+24:00",
            "2026-11-21T14:00:00+01:60",
            "2026-11-21T14:00:00+0100",
            "2026-11-21T14:00:00+01",
            "2026-11-21T14:00:00.123456789Z",
            "2026-11-21T14:00:00.1234567890Z",
            "2026-11-21T14:00:00.Z",
            "2026-11-21T14:00:00,5Z",
            "2026-11-21T14:00:00",
            "2026-11-21T14:00Z",
            "2026-11-21t14:00:00z",
            "2026-11-21 14:00:00Z",
            "2026-11-21",
            "2026-02-29T00:00:00Z",
            "2024-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T23:60:00Z",
            "2016-12-31T23:59:60Z",
            "2000-01-01T00:00:00+14:00",
            "2099-12-31T23:59:59-14:00",
            "1999-12-31T23:59:59Z",
            "2100-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "+2026-11-21T14:00:00Z",
            "2026-11-21T14:00:00Z[UTC]",
            "2026-11-21T14:00:00Z\n",
        ]
        .map(text)
        .into(),
        Field::OrderLine | Field::Quantity => [
            "9999",
            "10000",
            "1000000",
            "1000001",
            "99999999999999999999",
            "\"1\"",
        ]
        .map(str::to_owned)
        .into(),
        Field::UnitPrice | Field::Amount => [
            "0.1",
            "0.01",
            "0.001",
            "0.29",
            "1.15",
            "4.35",
            "1234.5",
            "999999999.99",
            "999999999.98",
            "1000000000",
            "1000000000.00",
            "123456789.01",
            "1e999999",
            "0.30000000000000004",
            "-0.01",
            "99999999999999999999999999999",
            "\"0\"",
            "\"0.1\"",
            "\"0.10\"",
            "\"0.100\"",
            "\"00.1\"",
            "\"01\"",
            "\".5\"",
            "\"5.\"",
            "\"-1\"",
            "\"+1\"",
            "\"1e2\"",
            "\"1,5\"",
            "\"1 000\"",
            "\"999999999.99\"",
            "\"1000000000\"",
            "\"NaN\"",
            "\"1\\n\"",
            "\"\\u0031\"",
            "\"١\"",
        ]
        .map(str::to_owned)
        .into(),
        Field::Currency => ["\"USD\"", "\"eur\"", "\"EURO\"", "\"ÉUR\"", "\"EUR\\n\""]
            .map(str::to_owned)
            .into(),
        Field::Channel => Channel::WORDS.iter().map(|word| text(word)).collect(),
        Field::PaymentMethod => PaymentMethod::WORDS.iter().map(|word| text(word)).collect(),
        Field::Status => {
            let words = Status::WORDS.iter().map(|word| text(word));
            words.chain([text("approved"), text("APPROVED ")]).collect()
        }
    });
    values
}

/// The example with the JSON of one field put in as it stands.
fn record(field: Field, value: &str) -> String {
    let mut record = example();
    record[field.as_str()] = json!("@value@");
    record.to_string().replace("\"@value@\"", value)
}

#[test]
fn the_reader_accepts_exactly_what_the_schema_accepts() {
    let validator = validator();
    let (mut accepted, mut refused) = (0, 0);
    for field in Field::ALL {
        for value in values(*field) {
            let record = record(*field, &value);
            // A number beyond what a float holds is no value to a validator.
            let valid = serde_json::from_str(&record).is_ok_and(|json| validator.is_valid(&json));
            let read = read_event(record.as_bytes());
            assert_eq!(read.is_ok(), valid, "{field}: {value}: {read:?}");
            *(if valid { &mut accepted } else { &mut refused }) += 1;
        }
    }
    assert!(
        accepted > 80 && refused > 200,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn both_refuse_a_record_without_a_required_field() {
    let validator = validator();
    for field in Field::ALL {
        let mut record = example();
        record.as_object_mut().unwrap().remove(field.as_str());
        let read = read_event(record.to_string().as_bytes()).is_ok();
        assert_eq!(
            (read, validator.is_valid(&record)),
            (field.is_optional(), field.is_optional())
        );
    }
}

#[test]
fn both_refuse_what_is_not_an_object_and_ignore_other_fields() {
    let validator = validator();
    for json in [json!(null), json!(1), json!("x"), json!([example()])] {
        assert!(!validator.is_valid(&json) && read_event(json.to_string().as_bytes()).is_err());
    }
    let mut record = example();
    record["till"] = json!({ "number": [1, 2] });
    assert!(validator.is_valid(&record) && read_event(record.to_string().as_bytes()).is_ok());
}

#[test]
fn the_reader_alone_has_the_rules_that_a_schema_can_not_express() {
    let nested = format!(
        "{}{}",
        "[".repeat(EVENT_DEPTH_MAX),
        "]".repeat(EVENT_DEPTH_MAX)
    );
    let with = |more: &str| {
        example()
            .to_string()
            .replacen('{', &format!("{{{more},"), 1)
    };
    let beyond = [
        (record(Field::Quantity, "2.0"), "bad_number"),
        (record(Field::Quantity, "2e0"), "bad_number"),
        (record(Field::OrderLine, "1.0"), "bad_number"),
        (record(Field::Amount, "1e2"), "bad_number"),
        (record(Field::Amount, "12.500"), "too_many_decimals"),
        (record(Field::Amount, "-0"), "out_of_range"),
        (with("\"status\":\"PENDING\""), "repeated_field"),
        (with(&format!("\"till\":{nested}")), "too_deep"),
        (
            with(&format!("\"note\":\"{}\"", "x".repeat(EVENT_BYTES_MAX))),
            "too_large",
        ),
    ];
    let validator = validator();
    for (record, reason) in beyond {
        assert!(
            validator.is_valid(&serde_json::from_str(&record).unwrap()),
            "{reason}"
        );
        assert_eq!(read_event(record.as_bytes()).unwrap_err().reason(), reason);
    }
}
