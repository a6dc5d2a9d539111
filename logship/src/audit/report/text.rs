//! How numbers, times and names are shown.

use jiff::Timestamp;

/// Names come from strangers: what would not be seen, or would turn the text around it, is spelled
/// out. Escaping for HTML is the template's.
pub(super) fn visible(name: &str) -> String {
    let mut shown = String::new();
    for character in name.chars() {
        if character.is_control() || is_invisible(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Of no width, or changing the direction of the text.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// To the second, in UTC.
pub(super) fn shown_time(time: Timestamp) -> String {
    format!("{time:.0}").replace('T', " ").replace('Z', " UTC")
}

pub(super) fn shown_times(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{} to {}", shown_time(from), shown_time(to)),
        _ => "no line has a time".to_owned(),
    }
}

/// 9,126,805,504
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let shown = [0, 7, 999, 1000, 12_345, 123_456, 9_126_805_504].map(grouped);
        let expected = [
            "0",
            "7",
            "999",
            "1,000",
            "12,345",
            "123,456",
            "9,126,805,504",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_would_not_be_seen_is_spelled_out() {
        assert_eq!(visible("app.log"), "app.log");
        assert_eq!(visible("é – 日志"), "é – 日志");
        assert_eq!(
            visible("a\u{202e}gol.b\n\u{1b}"),
            "a\\u{202e}gol.b\\u{a}\\u{1b}"
        );
    }
}
