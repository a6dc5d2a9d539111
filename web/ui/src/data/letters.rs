//! Dead letters: how many for which reason, the newest, and one with its record.

use super::letter::Letter;
use super::take;
use crate::answer::View;
use crate::i18n::{Language, data as words};
use crate::route::{Route, address, encoded, param};
use crate::settings::use_language;
use crate::table::{Cell, Row, TablePanel, pages};
use crate::{api, browser, dates, format};
use comptoir_model::api::live::{DeadLetterInfo, DeadLetters};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// On one page.
const SHOWN: usize = 100;
const PATH: &str = "/api/v1/dead-letters";

type LettersView = View<DeadLetters>;

/// Which of them are asked for, as the address says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// `None`: all.
    reason: Option<String>,
    /// Where the page begins; `None`: with the newest one.
    cursor: Option<String>,
}

impl Asked {
    pub(super) fn of(params: &str) -> Self {
        Self {
            reason: param(params, "reason"),
            cursor: param(params, "cursor"),
        }
    }

    fn path(&self) -> String {
        let given = [("reason", &self.reason), ("cursor", &self.cursor)].into_iter();
        let given = given.filter_map(|(name, value)| {
            let value = encoded(value.as_ref()?);
            Some(format!("&{name}={value}"))
        });
        let given: String = given.collect();
        format!("{PATH}?limit={SHOWN}{given}")
    }

    /// Of the page with these, and with one of them open.
    fn address(&self, letter: Option<&str>) -> String {
        let Self { reason, cursor } = self;
        let params = [
            ("reason", reason.as_deref()),
            ("cursor", cursor.as_deref()),
            ("letter", letter),
        ];
        address(Route::Data, &params)
    }
}

pub(super) async fn load(letters: RwSignal<LettersView>, asked: Memo<Asked>) {
    let Some(wanted) = asked.try_get_untracked() else {
        return;
    };
    let answer = api::read(&wanted.path()).await;
    // Others may be wanted meanwhile.
    if asked.try_get_untracked() == Some(wanted) {
        take(letters, answer);
    }
}

#[component]
pub(super) fn Letters(
    letters: RwSignal<LettersView>,
    asked: Memo<Asked>,
    place: RwSignal<String>,
) -> impl IntoView {
    let language = use_language();
    Effect::new(move |before: Option<()>| {
        asked.track();
        // The first time the page asks by itself.
        if before.is_some() {
            spawn_local(load(letters, asked));
        }
    });
    let rows = Memo::new(move |_| {
        letters.with(|letters| {
            let letters = letters.answer().into_iter().flat_map(|it| &it.letters);
            letters
                .map(|letter| asked.with(|asked| row(letter, asked, language.get())))
                .collect::<Vec<_>>()
        })
    });
    let next = Memo::new(move |_| {
        letters.with(|letters| letters.answer().and_then(|it| it.next_cursor.clone()))
    });
    let counts = Memo::new(move |_| {
        letters.with(|letters| {
            letters
                .answer()
                .map_or_else(Vec::new, |it| it.count.by_reason.clone())
        })
    });
    view! {
        <TablePanel
            id="dead-letters"
            words=|language| &words::text(language).letters
            texts=3
            rows
            is_known=Signal::derive(move || letters.with(|it| it.answer().is_some()))
            fault=Signal::derive(move || letters.with(View::fault))
            csv=Signal::derive(move || asked.with(|asked| {
                let filter = asked.reason.as_ref().map(|it| format!("?reason={}", encoded(it)));
                format!("{PATH}{}", filter.unwrap_or_default())
            }))
        >
            <Choice counts asked />
            {move || asked.with(|asked| {
                let first = Asked { cursor: None, ..asked.clone() };
                let newest = asked.cursor.is_some().then(|| first.address(None));
                let older = next.get().map(|next| Asked { cursor: Some(next), ..first }.address(None));
                pages(newest, older, language.get())
            })}
            {move || (!place.with(String::is_empty)).then(|| {
                let close = asked.with(|asked| asked.address(None));
                view! { <Letter place=place.get() close /> }.into_any()
            })}
        </TablePanel>
    }
}

/// Each reason with its count, and all of them. New counts leave the focus where it is.
#[component]
fn Choice(counts: Memo<Vec<(String, u64)>>, asked: Memo<Asked>) -> impl IntoView {
    let language = use_language();
    let names = Memo::new(move |_| {
        let names = |counts: &Vec<(String, u64)>| {
            let names = counts.iter().map(|(name, _)| Some(name.clone()));
            std::iter::once(None).chain(names).collect::<Vec<_>>()
        };
        counts.with(names)
    });
    let label = move |name: Option<String>| {
        let chosen = Asked {
            reason: name.clone(),
            cursor: None,
        };
        let wanted = name.clone();
        let count = Memo::new(move |_| {
            let is_it =
                |(reason, _): &&(String, u64)| wanted.as_ref().is_none_or(|it| it == reason);
            counts.with(|counts| {
                counts
                    .iter()
                    .filter(is_it)
                    .map(|(_, count)| count)
                    .sum::<u64>()
            })
        });
        let key = name.clone().unwrap_or_default();
        let shown = key.clone();
        let said = move || {
            let language = language.get();
            let name = match shown.as_str() {
                "" => words::text(language).all_reasons,
                name => name,
            };
            format!("{name} · {}", format::integer(language, count.get()))
        };
        view! {
            <label>
                <input
                    type="radio"
                    name="reason"
                    value=key.clone()
                    prop:checked=move || asked.with(|asked| asked.reason == name)
                    on:change=move |_| browser::set_hash(&chosen.address(None))
                />
                <span data-reason=key data-value=move || count.get().to_string()>{said}</span>
            </label>
        }
    };
    view! {
        <fieldset class="choice" hidden=move || counts.with(Vec::is_empty)>
            <legend class="spoken">{move || words::text(language.get()).reasons}</legend>
            {move || names.get().into_iter().map(label).collect_view().into_any()}
        </fieldset>
    }
}

fn row(letter: &DeadLetterInfo, asked: &Asked, language: Language) -> Row {
    let place = place(letter);
    let mut reason = Cell::text(letter.reason.clone()).with_class("code");
    reason.href = Some(asked.address(Some(&place)));
    Row {
        cells: vec![
            reason,
            Cell::text(letter.detail.clone()).with_class("wide"),
            Cell::text(dates::moment(language, browser::local(letter.found_at))),
            Cell::number(language, "partition", Some(letter.partition.0.into())),
            Cell::number(language, "offset", Some(letter.offset.0)),
            Cell::size(language, "bytes", Some(letter.bytes)),
        ],
        key: place,
    }
}

/// As the commands take it.
pub(super) fn place(letter: &DeadLetterInfo) -> String {
    let (partition, offset) = (letter.partition.0, letter.offset.0);
    format!("{}/{partition}/{offset}", letter.stream.0)
}
