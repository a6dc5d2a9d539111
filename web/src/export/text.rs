//! CSV as RFC 4180 has it, and safe to open in a spreadsheet. Pure.

/// By this Excel knows that a text is UTF-8.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What makes a formula of a cell, as OWASP lists it.
const FORMULA_STARTS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// Adds a line. An apostrophe is put before a cell that a spreadsheet would run as a formula;
/// numbers stay as they are.
pub(crate) fn add_line<C: AsRef<str>>(text: &mut String, cells: &[C]) {
    for (number, cell) in cells.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        let cell = cell.as_ref();
        let guard = if is_formula(cell) { "'" } else { "" };
        // A line without anything on it would be no record.
        let is_alone = cells.len() == 1 && cell.is_empty();
        if is_alone || cell.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(guard);
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(guard);
            text.push_str(cell);
        }
    }
    text.push_str("\r\n");
}

/// A cell that has apostrophes before its formula gets one more: whoever takes one away has the
/// text back in any case.
fn is_formula(cell: &str) -> bool {
    let behind = cell.trim_start_matches('\'');
    behind.starts_with(FORMULA_STARTS) && !is_number(cell)
}

/// `-12.50` or `-1e-7`.
fn is_number(cell: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = cell.strip_prefix('-').unwrap_or(cell);
    let (number, exponent) = match unsigned.split_once('e') {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    digits(whole)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['-', '+']).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(cells: &[&str]) -> String {
        let mut text = String::new();
        add_line(&mut text, cells);
        text
    }

    #[test]
    fn what_would_break_a_line_is_quoted() {
        assert_eq!(
            line(&["a", "b, c", "d \"e\"", "f\r\ng", ""]),
            "a,\"b, c\",\"d \"\"e\"\"\",\"f\r\ng\",\r\n"
        );
        assert_eq!(line(&[""]), "\"\"\r\n");
    }

    #[test]
    fn formulas_are_told_from_numbers() {
        for number in ["-12.50", "-0", "-1e-7", "12", "0.5"] {
            assert_eq!(line(&[number, "x"]), format!("{number},x\r\n"));
        }
        for (cell, written) in [
            ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
            ("+33 6 12", "'+33 6 12"),
            ("-2+3", "'-2+3"),
            ("-", "'-"),
            ("-1e", "'-1e"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("=1,2", "\"'=1,2\""),
            ("'=1", "''=1"),
            ("l'=1", "l'=1"),
        ] {
            assert_eq!(line(&[cell, "x"]), format!("{written},x\r\n"));
        }
    }

    /// Takes away what stands before a formula.
    fn unguarded(cell: &str) -> &str {
        match cell.strip_prefix('\'') {
            Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA_STARTS) => rest,
            _ => cell,
        }
    }

    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            "[=+@'\t\r\n,\";0-9.e\\-aé🚢 ]{0,6}",
            "-?[0-9]{1,3}(\\.[0-9]{2})?"
        ]
    }

    proptest! {
        #[test]
        fn a_reader_has_back_what_was_written(
            (columns, cells) in (1..5_usize).prop_flat_map(|columns| {
                (Just(columns), prop::collection::vec(cell(), columns..columns * 8))
            })
        ) {
            let rows: Vec<_> = cells.chunks_exact(columns).collect();
            let mut text = String::new();
            for row in &rows {
                add_line(&mut text, row);
            }
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(text.as_bytes());
            let read: Vec<_> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), rows.len(), "{}", text);
            for (read, row) in read.iter().zip(rows) {
                for cell in read {
                    prop_assert!(is_number(cell) || !cell.starts_with(FORMULA_STARTS), "{}", text);
                }
                let read: Vec<_> = read.iter().map(unguarded).collect();
                prop_assert_eq!(&read, row);
            }
        }
    }
}
