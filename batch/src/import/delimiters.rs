//! Sqoop's spellings of delimiters and null tokens. Pure.

use super::args::FormatArgs;
use comptoir_model::text_format::{Enclose, TextFormat};

/// A format that can't be meant, with the flag that says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelimiterError {
    #[error(
        "{flag} `{text}` is not one character of ASCII\nhint: give one character, \\t, \\n, \\0 and the like, \\0001 (octal) or \\0x01 (hexadecimal)"
    )]
    NotOneByte { flag: &'static str, text: String },
    #[error("{one} and {other} are the same character: nobody could read that back")]
    Same {
        one: &'static str,
        other: &'static str,
    },
    #[error("{flag} `{text}` holds a delimiter: nobody could read that back")]
    NullToken { flag: &'static str, text: String },
}

const FIELDS: &str = "--fields-terminated-by";
const LINES: &str = "--lines-terminated-by";
const ENCLOSED: &str = "--enclosed-by";
const OPTIONALLY: &str = "--optionally-enclosed-by";
const ESCAPED: &str = "--escaped-by";

/// The format that the flags ask for, from Sqoop's defaults, and a line for each delimiter of which
/// only a part is used.
pub fn format(args: &FormatArgs) -> Result<(TextFormat, Vec<String>), DelimiterError> {
    let mut notices = Vec::new();
    let mut byte = |flag, text| byte(flag, text, &mut notices);
    let mut format = TextFormat::sqoop_default();
    if args.mysql_delimiters {
        format.escape = Some(b'\\');
        format.enclose = Enclose::WhereNeeded(b'\'');
    }
    if let Some(field) = byte(FIELDS, args.fields_terminated_by.as_ref())? {
        format.field = field;
    }
    if let Some(record) = byte(LINES, args.lines_terminated_by.as_ref())? {
        format.record = record;
    }
    // For these NUL means none, as in Sqoop.
    let some = |byte: Option<u8>| byte.filter(|byte| *byte != 0);
    if let Some(enclose) = some(byte(ENCLOSED, args.enclosed_by.as_ref())?) {
        format.enclose = Enclose::Always(enclose);
    }
    if let Some(enclose) = some(byte(OPTIONALLY, args.optionally_enclosed_by.as_ref())?) {
        format.enclose = Enclose::WhereNeeded(enclose);
    }
    if let Some(escape) = some(byte(ESCAPED, args.escaped_by.as_ref())?) {
        format.escape = Some(escape);
    }
    if let Some(null) = &args.null_string {
        format.null_string = unescaped(null);
    }
    if let Some(null) = &args.null_non_string {
        format.null_non_string = unescaped(null);
    }
    check(&format)?;
    Ok((format, notices))
}

fn check(format: &TextFormat) -> Result<(), DelimiterError> {
    let enclose = match format.enclose {
        Enclose::Never => None,
        Enclose::WhereNeeded(byte) => Some((OPTIONALLY, byte)),
        Enclose::Always(byte) => Some((ENCLOSED, byte)),
    };
    let roles: Vec<_> = [(FIELDS, format.field), (LINES, format.record)]
        .into_iter()
        .chain(enclose)
        .chain(format.escape.map(|byte| (ESCAPED, byte)))
        .collect();
    for (index, (one, byte)) in roles.iter().enumerate() {
        if let Some((other, _)) = roles[index + 1..].iter().find(|(_, other)| other == byte) {
            return Err(DelimiterError::Same { one, other });
        }
    }
    if enclose.is_some() || format.escape.is_some() {
        return Ok(());
    }
    for (flag, token) in [
        ("--null-string", &format.null_string),
        ("--null-non-string", &format.null_non_string),
    ] {
        if token
            .bytes()
            .any(|byte| byte == format.field || byte == format.record)
        {
            return Err(DelimiterError::NullToken {
                flag,
                text: token.clone(),
            });
        }
    }
    Ok(())
}

fn byte(
    flag: &'static str,
    text: Option<&String>,
    notices: &mut Vec<String>,
) -> Result<Option<u8>, DelimiterError> {
    let Some(text) = text else { return Ok(None) };
    let byte = match text.as_bytes() {
        [byte] if byte.is_ascii() => Some(*byte),
        [b'\\', b'0', b'x' | b'X', hex @ ..] => number(hex, 16),
        [b'\\', b'0', octal @ ..] if !octal.is_empty() => number(octal, 8),
        [b'\\', letter] => escape(*letter),
        [b'\\', ..] => None,
        [first, _, ..] if first.is_ascii() => {
            let first_char = char::from(*first);
            notices.push(format!(
                "{flag} `{text}` is more than one character: only the first, `{first_char}`, is used, as Sqoop does"
            ));
            Some(*first)
        }
        _ => None,
    };
    match byte {
        Some(byte) => Ok(Some(byte)),
        None => Err(DelimiterError::NotOneByte {
            flag,
            text: text.clone(),
        }),
    }
}

/// ASCII only: a byte above would cut UTF-8 text in pieces.
fn number(digits: &[u8], radix: u32) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, radix).ok().filter(u8::is_ascii)
}

fn escape(letter: u8) -> Option<u8> {
    match letter {
        b'b' => Some(8),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'0' => Some(0),
        b'"' | b'\'' | b'\\' => Some(letter),
        _ => None,
    }
}

/// Sqoop's null tokens go through Java source, so its users write `\\N` for `\N`. A backslash
/// before anything that Java does not know stays.
fn unescaped(text: &str) -> String {
    let mut result = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let next = chars.peek().and_then(|next| u8::try_from(*next).ok());
        match next.filter(|_| char == '\\').and_then(escape) {
            Some(byte) => {
                result.push(char::from(byte));
                chars.next();
            }
            None => result.push(char),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Option<u8>, DelimiterError> {
        byte(FIELDS, Some(&text.to_owned()), &mut Vec::new())
    }

    #[test]
    fn reads_sqoops_spellings() {
        for (text, expected) in [
            ("|", b'|'),
            ("\\t", b'\t'),
            ("\\\\", b'\\'),
            ("\\", b'\\'),
            ("\\0", 0),
            ("\\0001", 1),
            ("\\0x1c", 0x1c),
            ("\n", b'\n'),
        ] {
            assert_eq!(one(text), Ok(Some(expected)), "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_character() {
        for text in ["", "\\r\\n", "§", "\\0xff", "\\q"] {
            let error = one(text).unwrap_err().to_string();
            assert!(error.starts_with("--fields-terminated-by"), "{error}");
        }
    }

    #[test]
    fn takes_the_first_of_several_characters_and_says_so() {
        let args = FormatArgs {
            fields_terminated_by: Some("||".to_owned()),
            ..FormatArgs::default()
        };
        let (format, notices) = format(&args).unwrap();
        assert_eq!(format.field, b'|');
        assert_eq!(notices.len(), 1);
    }

    #[test]
    fn refuses_what_nobody_could_read_back() {
        let same = FormatArgs {
            escaped_by: Some(",".to_owned()),
            ..FormatArgs::default()
        };
        assert_eq!(
            format(&same).unwrap_err().to_string(),
            "--fields-terminated-by and --escaped-by are the same character: nobody could read that back"
        );
        let null = FormatArgs {
            null_string: Some("a,b".to_owned()),
            ..FormatArgs::default()
        };
        assert!(matches!(
            format(&null),
            Err(DelimiterError::NullToken { .. })
        ));
    }

    #[test]
    fn starts_from_sqoops_defaults() {
        assert_eq!(
            format(&FormatArgs::default()),
            Ok((TextFormat::sqoop_default(), Vec::new()))
        );
        let lossless = FormatArgs {
            escaped_by: Some("\\\\".to_owned()),
            null_string: Some("\\\\N".to_owned()),
            null_non_string: Some("\\N".to_owned()),
            ..FormatArgs::default()
        };
        assert_eq!(format(&lossless), Ok((TextFormat::lossless(), Vec::new())));
    }

    #[test]
    fn knows_mysqls_delimiters() {
        let args = FormatArgs {
            mysql_delimiters: true,
            ..FormatArgs::default()
        };
        let (format, _) = format(&args).unwrap();
        assert_eq!(format.enclose, Enclose::WhereNeeded(b'\''));
        assert_eq!(format.escape, Some(b'\\'));
    }
}
