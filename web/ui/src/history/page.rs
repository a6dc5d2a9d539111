//! The History page's states, and the loop that keeps it up to date while it is seen.

use super::{Freshness, History, PeriodLine};
use crate::notices::{Down, Empty, Loading, Reconnecting};
use crate::settings::use_language;
use crate::state::{Fault, Link, Shown, View};
use crate::{api, browser, poll};
use comptoir_model::api::Problem;
use jiff::Timestamp;
use leptos::prelude::*;
use std::sync::Arc;

/// How often the page asks whether there is a newer import.
const EVERY_MS: u32 = 3_000;

/// Looks at the server for as long as this page is shown.
#[component]
pub(crate) fn HistoryPage(view: RwSignal<View>) -> impl IntoView {
    let language = use_language();
    let now = RwSignal::new(browser::now());
    poll::while_shown(EVERY_MS, async move || {
        let known = view.with_untracked(View::snapshot);
        let look = api::look(known.as_deref()).await;
        let moment = browser::now();
        now.set(moment);
        let next = view.with_untracked(|view| view.after(look, moment));
        view.set(next);
    });
    let face = Memo::new(move |_| view.with(Face::of));
    let heading = move || view! { <h1>{move || language.get().text().history}</h1> };
    move || match face.get() {
        Face::Loading => view! { {heading()} <Loading /> }.into_any(),
        Face::Empty(problem) => view! { {heading()} <Empty problem /> }.into_any(),
        Face::Down(fault) => view! { {heading()} <Down fault /> }.into_any(),
        Face::Figures => view
            .with_untracked(|view| match view {
                View::Shown(shown) => Some(shown.clone()),
                _ => None,
            })
            .map(|first| view! { <Figures view first now /> })
            .into_any(),
    }
}

/// Which face the page shows. Figures that refresh are the same face, which keeps whatever the
/// user opened or focused in it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Face {
    Loading,
    Empty(Problem),
    Down(Fault),
    Figures,
}

impl Face {
    fn of(view: &View) -> Self {
        match view {
            View::Loading => Self::Loading,
            View::Empty(problem) => Self::Empty(problem.clone()),
            View::Down(fault) => Self::Down(fault.clone()),
            View::Shown(_) => Self::Figures,
        }
    }
}

#[component]
fn Figures(
    view: RwSignal<View>,
    /// What is shown until the view changes.
    first: Shown,
    now: RwSignal<Timestamp>,
) -> impl IntoView {
    let language = use_language();
    let shown = Memo::new(move |before: Option<&Shown>| {
        view.with(|view| match view {
            View::Shown(shown) => shown.clone(),
            // About to leave the page: nothing new to show.
            _ => before.unwrap_or(&first).clone(),
        })
    });
    let snapshot = Memo::new(move |_| shown.with(|shown| Arc::clone(&shown.snapshot)));
    let checked = Memo::new(move |_| shown.with(|shown| shown.checked));
    let lost = Memo::new(move |_| {
        shown.with(|shown| match &shown.link {
            Link::Live => None,
            Link::Lost(fault) => Some((fault.clone(), shown.checked)),
        })
    });
    view! {
        <header class="page-head">
            <h1>{move || language.get().text().history}</h1>
            <PeriodLine snapshot />
            <Freshness snapshot checked now />
        </header>
        {move || lost.get().map(|(fault, checked)| view! { <Reconnecting fault checked /> })}
        <div class="figures" class:stale=move || lost.with(Option::is_some)>
            <History snapshot />
        </div>
    }
}
