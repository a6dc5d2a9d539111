use super::super::dates::{Calendar, ZeroDates};
use super::*;

fn printed(raw: Raw<'_>, printer: Printer) -> String {
    let mut scratch = Vec::new();
    match text(raw, printer, &mut scratch) {
        Ok(text) => String::from_utf8(text.unwrap_or(b"NULL").to_vec()).unwrap(),
        Err(error) => error.to_string(),
    }
}

const MOMENT: Printer = Printer::DateTime(Dates {
    zero: ZeroDates::Keep,
    calendar: Calendar::Stored,
});

#[test]
fn prints_what_mysql_sends_as_sqoop_does() {
    let decimal = Printer::Decimal { scale: 2 };
    for (sent, printer, text) in [
        ("2003-02-24 00:00:00", MOMENT, "2003-02-24 00:00:00.0"),
        (
            "2003-02-24 12:34:56.789010",
            MOMENT,
            "2003-02-24 12:34:56.78901",
        ),
        ("2003-02-24 12:34:56.000", MOMENT, "2003-02-24 12:34:56.0"),
        ("2003-02-24", Printer::AsIs, "2003-02-24"),
        ("95.70", decimal, "95.70"),
        ("0.01", decimal, "0.01"),
        ("-0.50", decimal, "-0.50"),
        ("007", Printer::Number, "7"),
        ("0000", Printer::Number, "0"),
        ("0", Printer::Number, "0"),
        ("007.50", decimal, "7.50"),
        ("000.50", decimal, "0.50"),
        ("1", Printer::Boolean, "true"),
        ("-1", Printer::Boolean, "true"),
        ("-2", Printer::Boolean, "false"),
        ("\u{1}", Printer::Bits(BitsAs::Boolean), "true"),
        ("\0", Printer::Bits(BitsAs::Boolean), "false"),
        ("\u{1}\0", Printer::Bits(BitsAs::Number), "256"),
        ("16777200", Printer::Float(Version::From19), "1.67772E7"),
        ("0.1", Printer::Double(Version::From19), "0.1"),
        ("\0\u{1}\u{7f}", Printer::Hex, "00 01 7f"),
        ("", Printer::Hex, ""),
        ("🚲 a,b", Printer::AsIs, "🚲 a,b"),
    ] {
        assert_eq!(
            printed(Raw::Text(sent.as_bytes()), printer),
            text,
            "{printer:?}"
        );
    }
    assert_eq!(printed(Raw::Null, Printer::AsIs), "NULL");
}

#[test]
fn keeps_exact_decimals_from_sqlite() {
    let decimal = Printer::Decimal { scale: 2 };
    assert_eq!(printed(Raw::Text(b"10.10"), decimal), "10.10");
    assert_eq!(printed(Raw::Integer(10), decimal), "10.00");
    assert_eq!(printed(Raw::Real(10.1), decimal), "10.10");
    assert_eq!(printed(Raw::Real(0.125), decimal), "0.125");
    assert_eq!(
        printed(Raw::Integer(10), Printer::Decimal { scale: 0 }),
        "10"
    );
}

#[test]
fn keeps_what_is_not_of_the_declared_type() {
    assert_eq!(printed(Raw::Text(b"yes"), Printer::Boolean), "yes");
    assert_eq!(printed(Raw::Text(b"next week"), MOMENT), "next week");
    assert_eq!(
        printed(Raw::Text(b"2003-02-24 00:00:00Z"), MOMENT),
        "2003-02-24 00:00:00Z"
    );
    assert_eq!(printed(Raw::Integer(7), MOMENT), "7");
    assert_eq!(printed(Raw::Real(0.5), Printer::AsIs), "0.5");
    assert_eq!(printed(Raw::Blob(&[255]), Printer::AsIs), "ff");
    assert_eq!(printed(Raw::Blob(b"blob"), Printer::BytesAsText), "blob");
}

#[test]
fn prints_as_sqoop_does_where_it_loses_data() {
    let java = Dates {
        zero: ZeroDates::Null,
        calendar: Calendar::Java,
    };
    for (sent, printer, text) in [
        (&b"\xa5"[..], Printer::Bits(BitsAs::JavaBoolean), "false"),
        (b"\x7f", Printer::Bits(BitsAs::JavaBoolean), "true"),
        (b"\xff", Printer::Bits(BitsAs::JavaBoolean), "true"),
        (b"0", Printer::Bits(BitsAs::JavaBoolean), "false"),
        (b"\xa5", Printer::Bits(BitsAs::SignedByte), "-91"),
        (b"0.000000", Printer::ScientificDecimal, "0.000000"),
        (b"0.0000000001", Printer::ScientificDecimal, "1E-10"),
        (b"1582-10-05", Printer::Date(java), "1582-10-15"),
        (b"0000-00-00 00:00:00", Printer::DateTime(java), "NULL"),
        (
            b"2024-05-00 01:02:03.40",
            Printer::DateTime(java),
            "2024-04-30 01:02:03.4",
        ),
        (b"12:34:56.5", Printer::TimeOfDay, "12:34:56"),
        (b"0000", Printer::FirstOfJanuary, "0001-01-01"),
        (b"2003", Printer::FirstOfJanuary, "2003-01-01"),
        (b"9223372036854775807", Printer::Long, "9223372036854775807"),
    ] {
        assert_eq!(printed(Raw::Text(sent), printer), text, "{printer:?}");
    }
    for (sent, printer, error) in [
        ("18446744073709551615", Printer::Long, ValueError::Long),
        ("-01:30:00", Printer::TimeOfDay, ValueError::Time),
        ("25:00:00", Printer::TimeOfDay, ValueError::Time),
        ("838:59:59", Printer::TimeOfDay, ValueError::Time),
    ] {
        assert_eq!(
            printed(Raw::Text(sent.as_bytes()), printer),
            error.to_string()
        );
    }
}
