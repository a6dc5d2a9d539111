//! What one look at a part found. Pure.

use comptoir_model::api::health::{Cause, Fact, FactName, PartKind, PartState};
use std::fmt::Display;

/// Of one part, at one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) kind: PartKind,
    /// Stable, and unique among all parts.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    pub(crate) state: PartState,
    pub(crate) cause: Option<Cause>,
    pub(crate) detail: Option<String>,
    pub(crate) facts: Vec<Fact>,
}

impl Finding {
    /// A part that nothing is wrong with.
    pub(crate) fn up(kind: PartKind, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
            name: name.into(),
            state: PartState::Up,
            cause: None,
            detail: None,
            facts: Vec::new(),
        }
    }

    /// Something is wrong. `detail` is in the part's own words; a `hint:` line in it becomes its end.
    pub(crate) fn but(mut self, state: PartState, cause: Cause, detail: impl AsRef<str>) -> Self {
        self.state = state;
        self.cause = Some(cause);
        self.detail = Some(one_line(detail.as_ref()));
        self
    }

    pub(crate) fn down(self, cause: Cause, detail: impl AsRef<str>) -> Self {
        self.but(PartState::Down, cause, detail)
    }

    /// Nobody has looked, or could.
    pub(crate) fn unknown(mut self, detail: Option<&str>) -> Self {
        self.state = PartState::Unknown;
        self.cause = None;
        self.detail = detail.map(one_line);
        self
    }

    pub(crate) fn fact(mut self, name: FactName, value: impl Display) -> Self {
        let value = format!("{value}");
        self.facts.push(Fact { name, value });
        self
    }

    pub(crate) fn fact_if(self, name: FactName, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.fact(name, value),
            None => self,
        }
    }
}

fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_the_end_of_the_detail() {
        let finding = Finding::up(PartKind::Lake, "lake", "file:///lake")
            .down(Cause::Unreachable, "it is away\nhint: bring it back\n");
        assert_eq!(
            finding.detail.as_deref(),
            Some("it is away; hint: bring it back")
        );
    }
}
