//! Quality rules: which one the newest day breaks, and what is said of freshness and volume.

use super::views::Views;
use crate::answer::View;
use crate::api;
use crate::i18n::{Language, data as words};
use crate::settings::use_language;
use crate::state::Fault;
use crate::table::{Cell, Row, TablePanel};
use leptos::prelude::*;
use serde::Deserialize;

/// The newest days first: each rule has a row a day.
const BY_DAY: &str = "/api/v1/views/event_rules?sort=-event_day&limit=200";
const ALARMS: &str = "/api/v1/views/event_alarms?limit=200";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules(Vec<Rule>);

/// What the page shows of a row of either view; reading all columns of any view costs kilobytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Rule {
    #[serde(rename = "rule")]
    name: String,
    action: String,
    event_day: Option<String>,
    events: Option<u64>,
    expected: Option<u64>,
    failed: Option<u64>,
    remark: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    rows: Vec<Rule>,
}

/// What is asked of those of the two views that have a result: without rules neither has.
pub(super) fn paths(views: &Views) -> Vec<&'static str> {
    let both = [("event_alarms", ALARMS), ("event_rules", BY_DAY)];
    let known = both.into_iter().filter(|(name, _)| views.has_result(name));
    known.map(|(_, path)| path).collect()
}

pub(super) async fn load(paths: Vec<&'static str>) -> Result<Rules, Fault> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(api::read::<Page>(path).await?.rows);
    }
    Ok(Rules(newest(all)))
}

/// The first row of each rule, those that are broken before the others.
fn newest(all: Vec<Rule>) -> Vec<Rule> {
    let mut kept: Vec<Rule> = Vec::new();
    for rule in all {
        if kept.iter().all(|other| other.name != rule.name) {
            kept.push(rule);
        }
    }
    let (mut ordered, fine): (Vec<_>, Vec<_>) = kept.into_iter().partition(Rule::is_broken);
    ordered.extend(fine);
    ordered
}

impl Rule {
    fn is_broken(&self) -> bool {
        self.failed.is_some_and(|failed| failed > 0)
    }

    fn row(&self, language: Language) -> Row {
        let failed = Cell::number(language, "failed", self.failed);
        Row {
            key: self.name.clone(),
            cells: vec![
                Cell::text(self.name.clone()),
                Cell::text(words::action(language, &self.action).to_owned()),
                Cell::text(self.event_day.clone().unwrap_or_default()),
                Cell::text(self.remark.clone().unwrap_or_default()).with_class("wide"),
                Cell::number(language, "events", self.events),
                Cell::number(language, "expected", self.expected),
                if self.is_broken() {
                    failed.with_class("bad")
                } else {
                    failed
                },
            ],
        }
    }
}

#[component]
pub(super) fn RulesPanel(rules: RwSignal<View<Rules>>) -> impl IntoView {
    let language = use_language();
    let rows = Memo::new(move |_| {
        rules.with(|rules| {
            let rules = rules.answer().into_iter().flat_map(|rules| &rules.0);
            rules
                .map(|rule| rule.row(language.get()))
                .collect::<Vec<_>>()
        })
    });
    view! {
        <TablePanel
            id="rules"
            words=|language| &words::text(language).rules
            texts=4
            rows
            is_known=Signal::derive(move || rules.with(|it| it.answer().is_some()))
            fault=Signal::derive(move || rules.with(View::fault))
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_rule_the_newest_day_is_shown_and_broken_ones_come_first() {
        let rule = |rule: &str, day: &str, failed| Rule {
            name: rule.to_owned(),
            action: "warn".to_owned(),
            event_day: Some(day.to_owned()),
            events: Some(9),
            expected: None,
            failed: Some(failed),
            remark: None,
        };
        let shown = newest(vec![
            rule("fine", "2026-11-22", 0),
            rule("bad", "2026-11-22", 2),
            rule("fine", "2026-11-21", 7),
        ]);
        let shown: Vec<_> = (shown.iter())
            .map(|rule| (rule.name.as_str(), rule.failed))
            .collect();
        assert_eq!(shown, [("bad", Some(2)), ("fine", Some(0))]);
    }
}
