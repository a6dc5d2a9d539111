//! What a reader must know before believing a figure: said above all of them, each with its cure.

use super::dead_letters::NewestLetters;
use super::made::{gap_text, lag_text};
use super::state::{Freshness, Picture};
use crate::i18n::{Language, live as words};
use crate::icons::{BoxIcon, WarningIcon};
use crate::notices::{fault_explanation, with_code};
use crate::settings::use_language;
use crate::{browser, dates, format};
use comptoir_model::api::live::{GapInfo, LiveSource};
use jiff::SignedDuration;
use leptos::prelude::*;
use std::sync::Arc;

/// More of them, and older ones, stand in the explanation of each figure.
const GAPS_SHOWN: usize = 3;
const GAPS_SHOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

#[component]
pub(super) fn Banners(
    #[prop(into)] picture: Signal<Picture>,
    #[prop(into)] freshness: Signal<Option<Freshness>>,
) -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().live;
    let source = Memo::new(move |_| picture.with(|picture| Arc::clone(picture.source())));
    let letters = Memo::new(move |_| source.with(|source| source.dead_letters.clone()));
    let gaps = Memo::new(move |_| {
        let moment = picture.with(|picture| picture.as_of().time);
        source.with(|source| {
            let is_new = |gap: &&GapInfo| moment.duration_since(gap.found_at) < GAPS_SHOWN_FOR;
            let newest = source.gaps.iter().rev().filter(is_new);
            newest.take(GAPS_SHOWN).cloned().collect::<Vec<_>>()
        })
    });
    // The kind of trouble and what it says: the banner stays while only its numbers change.
    let kind = Memo::new(move |_| freshness.with(|it| it.as_ref().map(Freshness::name)));
    let title = move || {
        let language = language.get();
        freshness.with(|it| {
            it.as_ref()
                .map(|it| source.with(|source| title(it, source, language)))
        })
    };
    let fault = Memo::new(move |_| {
        freshness.with(|it| match it {
            Some(Freshness::Reconnecting { fault, .. }) => fault.clone(),
            _ => None,
        })
    });
    let cure = move || match kind.get() {
        Some("reconnecting") => Some(text().reconnecting_cure),
        Some("stopped") => Some(text().stopped_cure),
        Some("warehouse-away") => Some(text().warehouse_away_cure),
        _ => None,
    };
    let is_trouble = move || {
        matches!(
            kind.get(),
            Some("reconnecting" | "stopped" | "warehouse-away" | "catching-up")
        )
    };
    view! {
        <div class="banners" role="status">
            <Show when=is_trouble>
                <aside class="banner" data-state=move || kind.get()>
                    <WarningIcon />
                    <div>
                        <p><strong>{title}</strong></p>
                        {move || fault.get().map(|fault| fault_explanation(&fault))}
                        <p>{move || cure().map(with_code)}</p>
                    </div>
                </aside>
            </Show>
            {move || gaps.get().into_iter().map(|gap| view! {
                <aside class="banner" data-state="gap">
                    <WarningIcon />
                    <p>{gap_text(&gap, language.get())}</p>
                </aside>
            }).collect_view()}
            <Show when=move || letters.with(|letters| letters.total > 0)>
                <aside class="banner calm" data-state="dead-letters">
                    <BoxIcon />
                    <div>
                        <p>
                            <strong
                                data-figure="dead_letters"
                                data-value=move || letters.with(|it| it.total.to_string())
                            >
                                {move || letters.with(|it| {
                                    let shown = format::integer(language.get(), it.total);
                                    words::dead_letters(language.get(), it.total, &shown)
                                })}
                            </strong>
                            " "
                            {move || letters.with(|it| it.newest_at).map(|time| {
                                let time = dates::time_of_day(browser::local(time));
                                format!("({}). ", words::newest(language.get(), &time))
                            })}
                            {move || with_code(text().dead_letters_cure)}
                        </p>
                        <NewestLetters count=Signal::derive(move || letters.with(|it| it.total)) />
                    </div>
                </aside>
            </Show>
        </div>
    }
}

fn title(freshness: &Freshness, source: &LiveSource, language: Language) -> String {
    let text = &language.text().live;
    let clock = |time| dates::time_of_day(browser::local(time));
    match freshness {
        Freshness::Reconnecting { last, .. } => {
            format!(
                "{} · {}",
                text.reconnecting,
                words::last_figures(language, &clock(*last))
            )
        }
        Freshness::Stopped { silent } => {
            let silent = words::no_news(language, &format::duration(language, *silent));
            let colon = match language {
                Language::English => ":",
                Language::French => "\u{a0}:",
            };
            format!("{}{colon} {}", first_upper(&silent), text.stopped)
        }
        Freshness::WarehouseAway { since } => format!(
            "{}, {}",
            text.warehouse_away,
            words::since(language, &clock(*since))
        ),
        Freshness::CatchingUp { .. } => match lag(source, language) {
            Some(lag) => format!("{} · {lag}", text.catching_up),
            None => text.catching_up.to_owned(),
        },
        Freshness::Live { .. } | Freshness::Empty => String::new(),
    }
}

/// `12,400 events behind`, over all partitions.
fn lag(source: &LiveSource, language: Language) -> Option<String> {
    let unit = source.partitions.first()?.lag_unit;
    let sum: u64 = (source.partitions.iter().filter(|state| !state.ended))
        .filter_map(|state| state.lag)
        .sum();
    let shown = lag_text(language, sum, unit);
    Some(words::behind(language, unit, &shown))
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
