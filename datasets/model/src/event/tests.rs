use super::*;
use proptest::prelude::*;

const SALE: &str = r#"{
    "event_id": "e-1", "event_time": "2026-11-21T14:00:00.25+01:00",
    "order_id": "10107", "order_line": 2,
    "customer_id": "c-7", "customer_name": "Hélène Martín",
    "product_id": "P10_1678", "product_name": "Café \"Noir\", 250 g", "category": "Grocery",
    "merchant": "Épicerie du Port", "quantity": 3, "unit_price": "4.50", "amount": 13.50,
    "currency": "EUR", "country": "France", "city": "Nantes",
    "channel": "store", "payment_method": "card", "status": "APPROVED"
}"#;

/// The sale with the JSON of one field replaced.
fn sale_with(field: Field, json: &str) -> String {
    let key = format!("\"{field}\": ");
    let start = SALE.find(&key).unwrap() + key.len();
    let rest = &SALE[start..];
    let end = match rest.strip_prefix('"') {
        Some(text) => text.replace("\\\"", "__").find('"').unwrap() + 2,
        None => rest.find([',', '}']).unwrap(),
    };
    format!("{}{json}{}", &SALE[..start], &rest[end..])
}

fn sale_without(field: Field) -> String {
    sale_with(field, "null")
}

fn rejection(record: impl AsRef<[u8]>) -> Rejection {
    read_event(record.as_ref()).expect_err(&String::from_utf8_lossy(record.as_ref()))
}

#[test]
fn reads_every_field_exactly() {
    let event = read_event(SALE.as_bytes()).unwrap();
    assert_eq!(event.event_id.as_str(), "e-1");
    assert_eq!(
        event.event_time.timestamp().to_string(),
        "2026-11-21T13:00:00.25Z"
    );
    assert_eq!(
        (event.order_id.as_str(), event.order_line.get()),
        ("10107", 2)
    );
    assert_eq!(event.customer_id.unwrap().as_str(), "c-7");
    assert_eq!(event.customer_name.unwrap().as_str(), "Hélène Martín");
    assert_eq!(event.product_id.as_str(), "P10_1678");
    assert_eq!(event.product_name.as_str(), "Café \"Noir\", 250 g");
    assert_eq!(event.category.as_str(), "Grocery");
    assert_eq!(event.merchant.as_str(), "Épicerie du Port");
    assert_eq!(event.quantity.get(), 3);
    assert_eq!(
        (event.unit_price.to_string(), event.amount.to_string()),
        ("4.50".into(), "13.50".into())
    );
    assert_eq!(event.currency, Currency::EUR);
    assert_eq!(
        (event.country.as_str(), event.city.as_str()),
        ("France", "Nantes")
    );
    assert_eq!(event.channel, Channel::Store);
    assert_eq!(event.payment_method, PaymentMethod::Card);
    assert_eq!(event.status, Status::Approved);
}

#[test]
fn status_decides_gross_refunds_and_net() {
    let figures = |status: &str| {
        let record = sale_with(Field::Status, &format!("\"{status}\""));
        let share = read_event(record.as_bytes()).unwrap().contribution();
        [share.gross, share.refunds, share.net].map(|money| money.to_string())
    };
    assert_eq!(figures("APPROVED"), ["13.50 EUR", "0 EUR", "13.50 EUR"]);
    assert_eq!(figures("REFUNDED"), ["0 EUR", "13.50 EUR", "-13.50 EUR"]);
    assert_eq!(figures("DECLINED"), ["0 EUR", "0 EUR", "0 EUR"]);
    assert_eq!(figures("PENDING"), ["0 EUR", "0 EUR", "0 EUR"]);
}

#[test]
fn only_the_customer_may_be_unknown() {
    for field in Field::ALL {
        let record = sale_without(*field);
        if field.is_optional() {
            assert!(read_event(record.as_bytes()).is_ok(), "{field}");
        } else {
            let flaw = Flaw::Missing;
            assert_eq!(
                rejection(record),
                Rejection::Field {
                    field: *field,
                    flaw
                }
            );
        }
    }
}

#[test]
fn an_amount_is_exact_as_a_number_and_as_a_string() {
    for (json, read) in [
        ("0.1", "0.1"),
        ("\"0.10\"", "0.10"),
        ("0", "0"),
        ("999999999.99", "999999999.99"),
        ("\"\\u0031.5\"", "1.5"),
    ] {
        let record = sale_with(Field::Amount, json);
        assert_eq!(
            read_event(record.as_bytes()).unwrap().amount.to_string(),
            read
        );
    }
}

#[test]
fn each_reason_has_its_stable_name() {
    for (field, json, reason) in [
        (Field::Amount, "-5", "out_of_range"),
        (Field::Amount, "\"-5.00\"", "out_of_range"),
        (
            Field::Amount,
            "123456789012345678901234567890",
            "out_of_range",
        ),
        (Field::Amount, "1000000000", "out_of_range"),
        (Field::Amount, "0.30000000000000004", "too_many_decimals"),
        (Field::Amount, "12.500", "too_many_decimals"),
        (Field::Amount, "1e2", "bad_number"),
        (Field::Amount, "\"1,50\"", "bad_number"),
        (Field::Amount, "\"NaN\"", "bad_number"),
        (Field::Amount, "\"007\"", "bad_number"),
        (Field::Amount, "\"1.\"", "bad_number"),
        (Field::Amount, "\"\"", "bad_number"),
        (Field::Amount, "true", "wrong_type"),
        (Field::Amount, "{\"amount\":1}", "wrong_type"),
        (Field::Amount, "NaN", "not_json"),
        (Field::Amount, "-Infinity", "not_json"),
        (Field::Amount, "+1", "not_json"),
        (Field::Quantity, "0", "out_of_range"),
        (Field::Quantity, "-1", "out_of_range"),
        (Field::Quantity, "1000001", "out_of_range"),
        (Field::Quantity, "99999999999999999999", "out_of_range"),
        (Field::Quantity, "2.0", "bad_number"),
        (Field::Quantity, "\"2\"", "wrong_type"),
        (Field::OrderLine, "10000", "out_of_range"),
        (Field::EventTime, "\"9999-12-31T23:59:59Z\"", "out_of_range"),
        (Field::EventTime, "\"1999-12-31T23:59:59Z\"", "out_of_range"),
        (Field::EventTime, "\"2026-11-21T14:00:00\"", "bad_time"),
        (Field::EventTime, "\"2026-11-21 14:00:00Z\"", "bad_time"),
        (Field::EventTime, "\"2026-02-30T14:00:00Z\"", "bad_time"),
        (Field::EventTime, "\"2026-11-21T24:00:00Z\"", "bad_time"),
        (Field::EventTime, "\"2016-12-31T23:59:60Z\"", "bad_time"),
        (
            Field::EventTime,
            "\"2026-11-21T14:00:00+24:00\"",
            "bad_time",
        ),
        (
            Field::EventTime,
            "\"2026-11-21T14:00:00+01:60\"",
            "bad_time",
        ),
        (Field::EventTime, "\"2026-11-21T14:00:00.Z\"", "bad_time"),
        (
            Field::EventTime,
            "\"2026-11-21T14:00:00.1234567890Z\"",
            "bad_time",
        ),
        (Field::EventTime, "\"é026-11-21T14:00:00Z\"", "bad_time"),
        (Field::EventTime, "1795266000", "wrong_type"),
        (Field::EventId, "\"\"", "bad_length"),
        (Field::EventId, "\"a b\"", "bad_characters"),
        (Field::EventId, "\"é\"", "bad_characters"),
        (Field::City, "\" Nantes\"", "bad_characters"),
        (Field::City, "\"Nan\\ntes\"", "bad_characters"),
        (Field::City, "\"\\ud800\"", "bad_characters"),
        (Field::City, "[]", "wrong_type"),
        (Field::Currency, "\"eur\"", "bad_currency"),
        (Field::Status, "\"approved\"", "unknown_value"),
        (Field::Channel, "\"fax\"", "unknown_value"),
        (Field::PaymentMethod, "\"gold\"", "unknown_value"),
    ] {
        let rejection = rejection(sale_with(field, json));
        assert_eq!(rejection.reason(), reason, "{field}: {json}: {rejection}");
        if reason != "not_json" {
            assert_eq!(rejection.field(), Some(field), "{json}");
        }
    }
}

#[test]
fn refuses_a_text_beyond_its_length() {
    for (field, max) in [
        (Field::OrderId, ID_CHARS_MAX),
        (Field::City, TEXT_CHARS_MAX),
    ] {
        let fits = sale_with(field, &format!("\"{}\"", "x".repeat(max)));
        assert!(read_event(fits.as_bytes()).is_ok(), "{field}");
        let long = rejection(sale_with(field, &format!("\"{}\"", "x".repeat(max + 1))));
        assert_eq!(long.reason(), "bad_length");
    }
    let accented = sale_with(Field::City, &format!("\"{}\"", "é".repeat(TEXT_CHARS_MAX)));
    assert!(read_event(accented.as_bytes()).is_ok());
}

#[test]
fn refuses_what_is_not_one_json_object() {
    for (record, reason) in [
        (&b""[..], "empty"),
        (b" \r\n", "empty"),
        (b"{\"city\":\"\xff\"}", "not_utf8"),
        (b"{", "not_json"),
        (b"{} {}", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"{'city':1}", "not_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b"17", "not_an_object"),
        (b"\"text\"", "not_an_object"),
        (b"{}", "missing_field"),
    ] {
        assert_eq!(
            rejection(record).reason(),
            reason,
            "{}",
            String::from_utf8_lossy(record)
        );
    }
}

#[test]
fn refuses_a_field_that_stands_twice() {
    let record = SALE.replacen('{', "{\"amount\": 1,", 1);
    let flaw = Flaw::Repeated;
    assert_eq!(
        rejection(record),
        Rejection::Field {
            field: Field::Amount,
            flaw
        }
    );
}

#[test]
fn ignores_other_fields_within_the_bounds() {
    let nested = |levels: usize| {
        let value = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        SALE.replacen('{', &format!("{{\"receipt\": {value}, \"n\": 1e999,"), 1)
    };
    assert!(read_event(nested(EVENT_DEPTH_MAX - 1).as_bytes()).is_ok());
    assert_eq!(
        rejection(nested(EVENT_DEPTH_MAX)),
        Rejection::TooDeep { at: 12 + 15 }
    );
    assert_eq!(rejection("[".repeat(EVENT_BYTES_MAX)).reason(), "too_deep");
    let quoted = SALE.replacen('{', &format!("{{\"note\": \"\\\"{}\",", "[{".repeat(40)), 1);
    assert!(read_event(quoted.as_bytes()).is_ok());
}

#[test]
fn refuses_a_record_beyond_its_size() {
    let padded = |bytes: usize| format!("{SALE}{}", " ".repeat(bytes - SALE.len()));
    assert!(read_event(padded(EVENT_BYTES_MAX).as_bytes()).is_ok());
    let bytes = 10 * 1024 * 1024;
    assert_eq!(
        rejection(padded(bytes)),
        Rejection::TooLarge {
            bytes: bytes as u64
        }
    );
}

#[test]
fn says_what_is_wrong_and_what_cures_it() {
    let refused = rejection(sale_with(Field::Amount, "-5"));
    assert_eq!(refused.to_string(), "amount: `-5` is out of range");
    assert_eq!(
        refused.cure(),
        "send 0 to 999999999.99, positive for REFUNDED too"
    );
    let noisy = rejection(sale_with(
        Field::Status,
        &format!("\"\\u001b{}\"", "x".repeat(900)),
    ));
    let shown = noisy.to_string();
    assert!(
        shown.starts_with("status: `\\u{1b}xxx") && shown.len() < 120,
        "{shown}"
    );
}

/// A valid value of each field as JSON, in all the forms that a producer may choose.
fn any_json(field: Field) -> BoxedStrategy<String> {
    let quoted = |text: String| serde_json::to_string(&text).unwrap();
    let digits = "(0|[1-9][0-9]{0,8})(\\.[0-9]{1,2})?";
    match field {
        Field::EventId | Field::OrderId | Field::CustomerId | Field::ProductId => {
            "[!-~]{1,64}".prop_map(quoted).boxed()
        }
        Field::CustomerName
        | Field::ProductName
        | Field::Category
        | Field::Merchant
        | Field::Country
        | Field::City => "[^ \\p{Cc}]([^\\p{Cc}]{0,98}[^ \\p{Cc}])?"
            .prop_map(quoted)
            .boxed(),
        Field::EventTime => "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3])\
             :[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
            .prop_map(quoted)
            .boxed(),
        Field::OrderLine => (1..=ORDER_LINE_MAX).prop_map(|n| n.to_string()).boxed(),
        Field::Quantity => (1..=QUANTITY_MAX).prop_map(|n| n.to_string()).boxed(),
        Field::UnitPrice | Field::Amount => prop_oneof![digits, digits.prop_map(quoted)].boxed(),
        Field::Currency => "[A-Z]{3}".prop_map(quoted).boxed(),
        Field::Channel => any_word(Channel::WORDS),
        Field::PaymentMethod => any_word(PaymentMethod::WORDS),
        Field::Status => any_word(Status::WORDS),
    }
}

fn any_word(words: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(words)
        .prop_map(|word| format!("\"{word}\""))
        .boxed()
}

/// A valid record with its fields in any order, and others between them.
fn any_record() -> impl Strategy<Value = String> {
    let fields: Vec<_> = Field::ALL
        .iter()
        .map(|field| any_json(*field).prop_map(move |json| format!("\"{field}\":{json}")))
        .collect();
    let others = prop_oneof![
        Just("\"till\":{\"no\":[1,null,1e9]}"),
        Just("\"Amount\":\"x\"")
    ];
    (fields, others)
        .prop_map(|(mut fields, other)| {
            fields.push(other.to_owned());
            fields
        })
        .prop_shuffle()
        .prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

proptest! {
    #[test]
    fn every_valid_record_is_read_and_written_back_as_the_same_event(record in any_record()) {
        let event = read_event(record.as_bytes());
        prop_assert!(event.is_ok(), "{:?}\n{}", event, record);
        let event = event.unwrap();
        let written = serde_json::to_vec(&event).unwrap();
        prop_assert_eq!(read_event(&written), Ok(event));
    }

    #[test]
    fn net_is_gross_less_refunds_and_never_both(record in any_record()) {
        let share = read_event(record.as_bytes()).unwrap().contribution();
        prop_assert_eq!(share.gross.checked_sub(share.refunds), Ok(share.net));
        prop_assert!(share.gross.amount.is_zero() || share.refunds.amount.is_zero());
    }

    #[test]
    fn a_record_damaged_anywhere_is_judged_without_a_panic(
        record in any_record(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = record.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let first = read_event(&bytes);
        prop_assert_eq!(&first, &read_event(&bytes));
        bytes.truncate(at);
        prop_assert!(read_event(&bytes).is_err());
    }

    /// Of sound records nearly all; of damaged ones those that are still sound.
    #[test]
    fn the_quick_way_reads_what_the_full_reader_does(
        record in any_record(),
        at in any::<prop::sample::Index>(),
        with in "[ \\t\",:{}0-9eE.+\\\\ntd\u{7f}\u{85}é-]{0,3}",
        removed in 0..3_usize,
    ) {
        let starts: Vec<usize> = record.char_indices().map(|(at, _)| at).collect();
        let at = starts[at.index(starts.len())];
        let behind: String = record[at..].chars().skip(removed).collect();
        for record in [record.clone(), format!("{}{with}{behind}", &record[..at])] {
            let full = read::read_fully(&record);
            if let Some(quick) = quick::read(&record) {
                prop_assert_eq!(Ok(quick), full, "{}", record);
            } else if full.is_ok() {
                let plain = !record.contains('\\') && !record.contains("\"till\"");
                prop_assert!(!plain, "left to the full reader: {}", record);
            }
        }
    }

    #[test]
    fn random_bytes_are_no_event(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!read_event(&bytes).unwrap_err().cure().is_empty());
    }
}
