//! The Data page: out of what the figures are made, whether that adds up, and what was left out.

mod letter;
mod letters;
mod partitions;
mod rules;
mod verdict;
mod views;

use crate::answer::{Face, View};
use crate::i18n::data as words;
use crate::notices::{Down, Loading, Reconnecting};
use crate::settings::use_language;
use crate::state::Fault;
use crate::{api, browser, poll};
use comptoir_model::api::live::DeadLetters;
use comptoir_model::api::reconcile::ReconcileReport;
use leptos::prelude::*;
use letters::{Asked, Letters};
use partitions::Partitions;
use rules::{Rules, RulesPanel};
use verdict::Verdict;
use views::{Views, ViewsPanel};

const RECONCILE: &str = "/api/v1/reconcile";
const EVERY_MS: u32 = 5_000;

/// What the page knows: each answer for itself, so that one that can't be had takes no other away.
#[derive(Clone, Copy)]
pub(crate) struct DataViews {
    report: RwSignal<View<ReconcileReport>>,
    letters: RwSignal<View<DeadLetters>>,
    rules: RwSignal<View<Rules>>,
    views: RwSignal<View<Views>>,
}

impl DataViews {
    pub(crate) fn new() -> Self {
        Self {
            report: RwSignal::new(View::Loading),
            letters: RwSignal::new(View::Loading),
            rules: RwSignal::new(View::Loading),
            views: RwSignal::new(View::Loading),
        }
    }
}

#[component]
pub(crate) fn DataPage(
    data: DataViews,
    /// The dead letter that the address names: `stream/partition/offset`, or nothing.
    place: RwSignal<String>,
    /// Of the address: which dead letters.
    params: RwSignal<String>,
) -> impl IntoView {
    let language = use_language();
    let asked = Memo::new(move |_| params.with(|params| Asked::of(params)));
    poll::while_shown(EVERY_MS, async move || {
        // The report adds everything up: who is quick does not wait for it.
        letters::load(data.letters, asked).await;
        take(data.views, api::read(views::PATH).await);
        let paths = (data.views).with_untracked(|views| views.answer().map(rules::paths));
        if let Some(paths) = paths {
            take(data.rules, rules::load(paths).await);
        }
        take(data.report, api::read(RECONCILE).await);
    });
    let face = Memo::new(move |_| data.report.with(View::face));
    let lost = Memo::new(move |_| data.report.with(View::lost));
    let is_empty = Memo::new(move |_| {
        (data.report).with(|it| it.answer().is_some_and(|it| it.partitions.is_empty()))
    });
    view! {
        <h1>{move || language.get().text().data_page}</h1>
        {move || match face.get() {
            Face::Loading => view! { <Loading /> }.into_any(),
            Face::Down(fault) => view! { <Down fault /> }.into_any(),
            Face::Shown if is_empty.get() => view! { <Empty /> }.into_any(),
            Face::Shown => view! {
                {move || lost.get().map(|(fault, checked)| view! { <Reconnecting fault checked /> })}
                <div class:stale=move || lost.with(Option::is_some)>
                    <Verdict report=data.report />
                    <Partitions report=data.report />
                </div>
            }.into_any(),
        }}
        <div class="stack">
            <Letters letters=data.letters asked place />
            <RulesPanel rules=data.rules />
            <ViewsPanel views=data.views />
        </div>
    }
}

#[component]
fn Empty() -> impl IntoView {
    let language = use_language();
    let text = move || words::text(language.get());
    view! {
        <section class="notice" data-state="empty" aria-labelledby="notice-heading">
            <h2 id="notice-heading">{move || text().empty}</h2>
            <p>{move || text().empty_fills}</p>
            <p>
                {move || language.get().text().command} " "
                <code>"comptoir-speed simulate --rate 5"</code>
            </p>
        </section>
    }
}

/// Takes in what the server said. The page may be gone meanwhile; its signals are the application's.
fn take<T: Send + Sync + 'static>(view: RwSignal<View<T>>, answer: Result<T, Fault>) {
    view.update(|view| view.take(answer, browser::now()));
}
