//! From the regular expression of a file's name, as Flume has it, to patterns of a shell.

/// The patterns that match the same names; `None` where a shell's patterns can't say it.
pub(super) fn globs(regex: &str) -> Option<Vec<String>> {
    let mut found = vec![String::new()];
    let mut rest = regex;
    while let Some(next) = rest.chars().next() {
        let (piece, after) = match next {
            '(' => {
                let (inside, after) = rest[1..].split_once(')')?;
                let inside = inside.strip_prefix("?:").unwrap_or(inside);
                if is_repeated(after) {
                    return None;
                }
                let choices: Option<Vec<_>> = inside.split('|').map(globs).collect();
                found = product(&found, &choices?.concat());
                rest = after;
                continue;
            }
            '[' => {
                let end = rest[1..].find(']')? + 2;
                let class = rest[..end].replacen("[^", "[!", 1);
                if class.contains('\\') {
                    return None;
                }
                (class, &rest[end..])
            }
            '\\' => {
                let escaped = rest[1..].chars().next()?;
                let piece = match escaped {
                    'd' => "[0-9]".to_owned(),
                    escaped if escaped.is_alphanumeric() => return None,
                    escaped => literal(escaped),
                };
                (piece, &rest[1 + escaped.len_utf8()..])
            }
            '.' => match rest.as_bytes().get(1) {
                Some(b'*') => ("*".to_owned(), &rest[2..]),
                Some(b'+') => ("?*".to_owned(), &rest[2..]),
                _ => ("?".to_owned(), &rest[1..]),
            },
            '^' | '$' => (String::new(), &rest[1..]),
            ')' | '|' | '*' | '+' | '?' | '{' => return None,
            plain => (literal(plain), &rest[plain.len_utf8()..]),
        };
        if is_repeated(after) {
            return None;
        }
        for glob in &mut found {
            glob.push_str(&piece);
        }
        rest = after;
    }
    Some(found)
}

fn is_repeated(rest: &str) -> bool {
    rest.starts_with(['*', '+', '?', '{'])
}

fn product(starts: &[String], ends: &[String]) -> Vec<String> {
    let all = starts.iter();
    all.flat_map(|start| ends.iter().map(move |end| format!("{start}{end}")))
        .collect()
}

fn literal(char: char) -> String {
    match char {
        '*' | '?' | '[' | ']' => format!("[{char}]"),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_same_names_or_says_that_it_can_not() {
        for (regex, expected) in [
            ("app.log", &["app?log"][..]),
            (r".*\.log", &["*.log"]),
            (r"^app-\d\d.+$", &["app-[0-9][0-9]?*"]),
            (
                r"(web|till)[^0-9]\.log",
                &["web[!0-9].log", "till[!0-9].log"],
            ),
        ] {
            assert_eq!(globs(regex).unwrap(), expected, "{regex}");
        }
        for regex in [r"app\d+.log", "a(b)?", "a|b", r"\w.log", "a{2}", "(a"] {
            assert_eq!(globs(regex), None, "{regex}");
        }
    }
}
