//! The line at the top of every page: how new the live figures are, in words.

use super::state::{Freshness, LiveView};
use crate::i18n::{Language, live as words};
use crate::icons::{CHECK, CLOCK, WARNING, icon};
use crate::settings::use_language;
use crate::{browser, dates, format};
use jiff::Timestamp;
use leptos::prelude::*;

#[component]
pub(crate) fn NewsLine(view: RwSignal<LiveView>, now: RwSignal<Timestamp>) -> impl IntoView {
    let language = use_language();
    let freshness =
        Memo::new(move |_| view.with(|view| Some(Freshness::of(view.as_shown()?, now.get()))));
    let state = move || freshness.with(|it| it.as_ref().map_or("unknown", Freshness::name));
    let sign = move || {
        freshness.with(|it| match it {
            Some(Freshness::Live { .. }) => CHECK,
            Some(Freshness::CatchingUp { .. } | Freshness::Empty) | None => CLOCK,
            Some(_) => WARNING,
        })
    };
    let up_to = move || {
        view.with(|view| {
            let through = view.as_shown()?.picture.source().fresh_through?;
            Some(through.to_string())
        })
    };
    view! {
        <p class="news" data-news=state data-fresh-through=up_to>
            {move || icon(sign())}
            <span class="news-text">
                {move || freshness.with(|it| it.as_ref().map(|it| sentence(it, language.get())))}
            </span>
            <span class="zone" title=move || {
                format!("{} {}", language.get().text().time_zone, browser::time_zone())
            }>
                {browser::time_zone()}
            </span>
        </p>
    }
}

fn sentence(freshness: &Freshness, language: Language) -> String {
    let clock = |time| dates::time_of_day(browser::local(time));
    let text = &language.text().live;
    match freshness {
        Freshness::Live {
            up_to: Some(up_to),
            age,
        } => words::up_to(language, &clock(*up_to), &format::duration(language, *age)),
        Freshness::Live { up_to: None, .. } => text.catching_up.to_owned(),
        Freshness::CatchingUp { up_to } => match up_to {
            Some(up_to) => format!("{}, {}", text.catching_up, clock(*up_to)),
            None => text.catching_up.to_owned(),
        },
        Freshness::Stopped { silent } => {
            words::no_news(language, &format::duration(language, *silent))
        }
        Freshness::WarehouseAway { since } => {
            format!(
                "{} ({})",
                text.warehouse_away,
                words::since(language, &clock(*since))
            )
        }
        Freshness::Empty => text.no_transactions_yet.to_owned(),
        Freshness::Reconnecting { last, .. } => {
            format!(
                "{}, {}",
                text.reconnecting,
                words::last_figures(language, &clock(*last))
            )
        }
    }
}
