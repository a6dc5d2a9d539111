//! What the doctor found, as text.

use std::fmt::{Display, Write};

/// One part and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) part: &'static str,
    pub(crate) state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ok(String),
    /// Its first line says what is wrong, `hint:` lines what cures it.
    Problem(String),
}

impl Finding {
    pub(crate) fn of(part: &'static str, found: Result<String, impl Display>) -> Self {
        let state = match found {
            Ok(text) => State::Ok(text),
            Err(error) => State::Problem(error.to_string()),
        };
        Self { part, state }
    }

    pub(crate) fn is_problem(&self) -> bool {
        matches!(self.state, State::Problem(_))
    }
}

/// A line for each part; what cures a problem stands below it.
pub(crate) fn render(findings: &[Finding]) -> String {
    let mut report = String::new();
    for Finding { part, state } in findings {
        let (word, text) = match state {
            State::Ok(text) => ("ok", text),
            State::Problem(text) => ("problem", text),
        };
        for (index, line) in text.lines().enumerate() {
            let (word, part) = if index == 0 { (word, *part) } else { ("", "") };
            writeln!(report, "{word:<8} {part:<9} {line}").expect("a String takes everything");
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_part_and_the_cure_below_the_problem() {
        let findings = [
            Finding::of("erp", Ok::<_, String>("SQLite".to_owned())),
            Finding::of(
                "port",
                Err("8080 is taken\nhint: choose another with --port"),
            ),
        ];
        assert_eq!(
            render(&findings),
            "ok       erp       SQLite\n\
             problem  port      8080 is taken\n\
             \u{20}                  hint: choose another with --port\n"
        );
        assert!(findings[1].is_problem());
    }
}
