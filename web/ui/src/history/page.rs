//! The History page's states, and the loop that keeps it up to date while it is seen.

use super::filter_bar::FilterBar;
use super::filters::Filters;
use super::{Freshness, History, PeriodLine};
use crate::i18n::filters as words;
use crate::notices::{Down, Empty, Loading, Reconnecting};
use crate::route::Route;
use crate::settings::use_language;
use crate::state::{Fault, Link, Look, Shown, View};
use crate::{api, browser, poll};
use comptoir_model::api::Problem;
use jiff::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// How often the page asks whether there is a newer import.
const EVERY_MS: u32 = 3_000;

/// Looks at the server for as long as this page is shown.
#[component]
pub(crate) fn HistoryPage(
    view: RwSignal<View>,
    /// What stands behind the page in the address.
    query: RwSignal<String>,
) -> impl IntoView {
    let language = use_language();
    let now = RwSignal::new(browser::now());
    let filters = Memo::new(move |_| query.with(|query| Filters::parse(query)));
    poll::while_shown(EVERY_MS, async move || look(view, filters, now).await);
    Effect::new(move |before: Option<()>| {
        filters.track();
        // The first time the page asks by itself.
        if before.is_some() {
            spawn_local(look(view, filters, now));
        }
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
            .map(|first| view! { <Figures view first now filters /> })
            .into_any(),
    }
}

/// Asks for the lines that fit.
async fn look(view: RwSignal<View>, filters: Memo<Filters>, now: RwSignal<Timestamp>) {
    let Some(wanted) = filters.try_get_untracked() else {
        return;
    };
    let query = wanted.query();
    let known = view.with_untracked(View::snapshot);
    let known = known.filter(|known| known.filters == query);
    let look = api::look(known.as_deref(), &query).await;
    // Others may have been chosen meanwhile, or the page be gone.
    if filters.try_get_untracked() != Some(wanted) || matches!(look, Look::Between) {
        return;
    }
    let moment = browser::now();
    now.set(moment);
    let next = match known {
        Some(_) => view.with_untracked(|view| view.after(look, moment)),
        // What is shown is of other lines: it does not stand in for these.
        None => View::Loading.after(look, moment),
    };
    view.set(next);
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
    filters: Memo<Filters>,
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
    let is_late = Memo::new(move |_| {
        let wanted = filters.with(Filters::query);
        snapshot.with(|shown| shown.filters != wanted)
    });
    // An import without any line is another matter.
    let no_line_fits = Memo::new(move |_| {
        snapshot.with(|shown| shown.summary.figures.lines == 0 && shown.data_period().is_some())
    });
    view! {
        <header class="page-head">
            <h1>{move || language.get().text().history}</h1>
            <PeriodLine snapshot />
            <Freshness snapshot checked now />
        </header>
        {move || lost.get().map(|(fault, checked)| view! { <Reconnecting fault checked /> })}
        <FilterBar snapshot=snapshot.into() filters />
        <div
            class="figures"
            class:stale=move || lost.with(Option::is_some) || is_late.get()
            aria-busy=move || is_late.get().then_some("true")
            data-filters=move || snapshot.with(|shown| shown.filters.clone())
        >
            <Show when=move || no_line_fits.get() fallback=move || view! { <History snapshot filters /> }>
                <NoLineFits />
            </Show>
        </div>
    }
}

#[component]
fn NoLineFits() -> impl IntoView {
    let language = use_language();
    let text = move || words::text(language.get());
    view! {
        <section class="notice" data-state="no-line-fits" aria-labelledby="notice-heading">
            <h2 id="notice-heading">{move || text().no_line_fits}</h2>
            <p>{move || text().no_line_fits_more}</p>
            <p><a href=Route::History.hash()>{move || text().remove_all}</a></p>
        </section>
    }
}
