//! Java's properties files, with the line that each property stands in.

use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The first is 1.
    pub line: usize,
    pub value: String,
}

/// By key; of a key that stands there twice the last one counts, as in Java.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(pub BTreeMap<String, Property>);

impl Properties {
    /// Never fails: in Java, whatever stands there is a property.
    pub fn parse(text: &str) -> Self {
        let mut properties = BTreeMap::new();
        let mut lines = text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            let mut logical = line.trim_start().to_owned();
            if logical.is_empty() || logical.starts_with(['#', '!']) {
                continue;
            }
            while goes_on(&logical) {
                logical.pop();
                let Some((_, next)) = lines.next() else { break };
                logical.push_str(next.trim_start());
            }
            let (key, value) = split(&logical);
            let line = index + 1;
            properties.insert(key, Property { line, value });
        }
        Self(properties)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|property| property.value.as_str())
    }

    /// The words of a list: `a b`.
    pub(super) fn words(&self, key: &str) -> Vec<&str> {
        self.text(key)
            .unwrap_or_default()
            .split_whitespace()
            .collect()
    }
}

/// Whether the line ends in an odd number of backslashes.
fn goes_on(line: &str) -> bool {
    let backslashes = line.len() - line.trim_end_matches('\\').len();
    backslashes % 2 == 1
}

/// The key ends at the first `=`, `:` or blank that has no backslash before it.
fn split(line: &str) -> (String, String) {
    let mut end = line.len();
    let mut is_escaped = false;
    for (at, char) in line.char_indices() {
        if !is_escaped && (matches!(char, '=' | ':') || char.is_whitespace()) {
            end = at;
            break;
        }
        is_escaped = char == '\\' && !is_escaped;
    }
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (
        unescape(key),
        unescape(rest.trim_start()).trim_end().to_owned(),
    )
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            plain.push(char);
            continue;
        }
        match chars.next() {
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok();
                plain.push(
                    code.and_then(char::from_u32)
                        .unwrap_or(char::REPLACEMENT_CHARACTER),
                );
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_java_reads() {
        let properties = Properties::parse(
            "# a comment\n a.b = one \\\n   two\n! another\nc:3\nd e\nk\\=y=v\\u0041\\\\.x\nc=4\n\nempty=\n",
        );
        let found: Vec<_> = (properties.0.iter())
            .map(|(key, property)| (key.as_str(), property.line, property.value.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("a.b", 2, "one two"),
                ("c", 8, "4"),
                ("d", 6, "e"),
                ("empty", 10, ""),
                ("k=y", 7, "vA\\.x"),
            ]
        );
    }
}
