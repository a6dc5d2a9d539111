//! The shell around the page, and the loop that keeps it up to date.

use crate::history::{Freshness, History, PeriodLine};
use crate::i18n::Language;
use crate::icons::{AUTO_THEME, DARK_THEME, HistoryIcon, LIGHT_THEME, Logo, icon};
use crate::notices::{Down, Empty, Loading, Reconnecting};
use crate::settings::{Theme, use_language};
use crate::state::{Fault, Link, Shown, View};
use crate::{api, browser, chart, settings};
use comptoir_model::api::Problem;
use gloo_timers::future::TimeoutFuture;
use jiff::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// How often the page asks whether there is a newer import.
const EVERY_MS: u32 = 3_000;

#[component]
pub(crate) fn App() -> impl IntoView {
    provide_context(settings::language());
    let language = use_language();
    let theme = settings::theme();
    let view = RwSignal::new(View::Loading);
    let now = RwSignal::new(browser::now());
    spawn_local(keep_up_to_date(view, now));
    Effect::new(move |_| document().set_title(&title(language.get())));
    view! {
        <a class="skip" href="#content">{move || language.get().text().skip_to_content}</a>
        <chart::HatchPattern />
        <div class="shell">
            <Rail />
            <Settings theme />
            <main id="content" tabindex="-1">
                <Page view now />
            </main>
        </div>
    }
}

fn title(language: Language) -> String {
    format!("{} · Comptoir", language.text().history)
}

/// Looks at the server for as long as the page is open; a page nobody sees asks nothing.
async fn keep_up_to_date(view: RwSignal<View>, now: RwSignal<Timestamp>) {
    loop {
        if !browser::is_hidden() {
            let known = view.with_untracked(View::snapshot);
            let look = api::look(known.as_deref()).await;
            let moment = browser::now();
            now.set(moment);
            let next = view.with_untracked(|view| view.after(look, moment));
            view.set(next);
        }
        TimeoutFuture::new(EVERY_MS).await;
    }
}

#[component]
fn Rail() -> impl IntoView {
    let language = use_language();
    view! {
        <header class="rail">
            <a class="brand" href="/">
                <Logo />
                <span>"Comptoir"</span>
            </a>
            <nav aria-label=move || language.get().text().main_navigation>
                <a href="/" aria-current="page">
                    <HistoryIcon />
                    <span>{move || language.get().text().history}</span>
                </a>
            </nav>
        </header>
    }
}

#[component]
fn Settings(theme: RwSignal<Theme>) -> impl IntoView {
    let language = use_language();
    let theme_name = move || {
        let text = language.get().text();
        match theme.get() {
            Theme::Auto => text.theme_auto,
            Theme::Light => text.theme_light,
            Theme::Dark => text.theme_dark,
        }
    };
    view! {
        <div class="settings">
            <button
                type="button"
                class="setting"
                data-setting="language"
                lang=move || language.get().other().tag()
                title=move || language.get().text().switch_language
                aria-label=move || language.get().text().switch_language
                on:click=move |_| settings::switch_language(language)
            >
                {move || language.get().other().tag().to_uppercase()}
            </button>
            <button
                type="button"
                class="setting"
                data-setting="theme"
                title=theme_name
                aria-label=theme_name
                on:click=move |_| settings::switch_theme(theme)
            >
                {move || icon(match theme.get() {
                    Theme::Auto => AUTO_THEME,
                    Theme::Light => LIGHT_THEME,
                    Theme::Dark => DARK_THEME,
                })}
            </button>
        </div>
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
fn Page(view: RwSignal<View>, now: RwSignal<Timestamp>) -> impl IntoView {
    let language = use_language();
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
