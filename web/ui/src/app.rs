//! The shell around the pages.

use crate::browse::{LakePage, LakeView};
use crate::data::{DataPage, DataViews};
use crate::health::{HealthPage, HealthView, keep_asking};
use crate::history::HistoryPage;
use crate::i18n::health as health_words;
use crate::icons::{AUTO_THEME, DARK_THEME, LIGHT_THEME, Logo, icon, route_icon};
use crate::jobs::{JobsPage, JobsView};
use crate::journal::{JournalPage, JournalView};
use crate::live::{LivePage, LiveView, NewsLine, listen};
use crate::logs::{LogsPage, LogsView};
use crate::route::{Place, Route, place};
use crate::session::{Session, use_session};
use crate::settings::{Theme, use_language};
use crate::state::View;
use crate::{browser, chart, settings};
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub(crate) fn App() -> impl IntoView {
    provide_context(settings::language());
    provide_context(Session::open());
    let language = use_language();
    let theme = settings::theme();
    let Place {
        route,
        below,
        params,
    } = place();
    // What each page knows outlives its being shown.
    let live = RwSignal::new(LiveView::Loading);
    let history = RwSignal::new(View::Loading);
    let data = DataViews::new();
    let lake = RwSignal::new(LakeView::Loading);
    let logs = RwSignal::new(LogsView::Loading);
    let jobs = RwSignal::new(JobsView::Loading);
    let health = RwSignal::new(HealthView::Loading);
    let journal = RwSignal::new(JournalView::Loading);
    let now = RwSignal::new(browser::now());
    spawn_local(listen(live, now));
    keep_asking(health, route);
    Effect::new(move |_| {
        document().set_title(&format!("{} · Comptoir", route.get().title(language.get())));
    });
    let skip = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        browser::go_to("content");
    };
    view! {
        <a class="skip" href="#content" on:click=skip>
            {move || language.get().text().skip_to_content}
        </a>
        <chart::HatchPattern />
        <div class="shell">
            <Rail route health />
            <div class="settings">
                <NewsLine view=live now />
                <Settings theme />
            </div>
            <main id="content" tabindex="-1">
                {move || match route.get() {
                    Route::Live => view! { <LivePage view=live now query=params /> }.into_any(),
                    Route::History => view! { <HistoryPage view=history query=params /> }.into_any(),
                    Route::Data => view! { <DataPage data place=below params /> }.into_any(),
                    Route::Lake => view! { <LakePage view=lake path=below /> }.into_any(),
                    Route::Logs => view! { <LogsPage view=logs /> }.into_any(),
                    Route::Jobs => view! { <JobsPage view=jobs /> }.into_any(),
                    Route::Health => view! { <HealthPage view=health /> }.into_any(),
                    Route::Journal => view! { <JournalPage view=journal params /> }.into_any(),
                }}
            </main>
        </div>
    }
}

#[component]
fn Rail(route: RwSignal<Route>, health: RwSignal<HealthView>) -> impl IntoView {
    let language = use_language();
    let session = use_session();
    let down = Memo::new(move |_| health.with(HealthView::down));
    view! {
        <header class="rail">
            <a class="brand" href="#/live">
                <Logo />
                <span>"Comptoir"</span>
            </a>
            <nav aria-label=move || language.get().text().main_navigation>
                {Route::IN_RAIL.map(|page| view! {
                    <a
                        href=page.hash()
                        hidden=move || page.right().is_some_and(|right| session.lacks(right))
                        aria-current=move || (route.get().in_rail() == page).then_some("page")
                    >
                        {icon(route_icon(page))}
                        <span>{move || page.title(language.get())}</span>
                        <Show when=move || page == Route::Health && { down.get() > 0 }>
                            <span class="badge" data-figure="parts_down" data-value=move || down.get()>
                                <span aria-hidden="true">{move || down.get()}</span>
                                <span class="spoken">
                                    {move || health_words::down(language.get(), down.get())}
                                </span>
                            </span>
                        </Show>
                    </a>
                })}
            </nav>
        </header>
    }
}

#[component]
fn Settings(theme: RwSignal<Theme>) -> impl IntoView {
    let language = use_language();
    let session = use_session();
    let theme_name = move || {
        let text = language.get().text();
        match theme.get() {
            Theme::Auto => text.theme_auto,
            Theme::Light => text.theme_light,
            Theme::Dark => text.theme_dark,
        }
    };
    let tag = move || language.get().other().tag().to_uppercase();
    view! {
        <form
            id="account"
            class="account"
            method="post"
            action="/logout"
            hidden=move || session.name().is_none()
        >
            <span>{move || session.name()}</span>
            <button type="submit" class="setting">
                {move || language.get().text().log_out}
            </button>
        </form>
        <button
            type="button"
            class="setting"
            data-setting="language"
            lang=move || language.get().other().tag()
            title=move || language.get().text().switch_language
            // What is seen is part of what is said.
            aria-label=move || format!("{} – {}", tag(), language.get().text().switch_language)
            on:click=move |_| settings::switch_language(language)
        >
            {tag}
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
    }
}
