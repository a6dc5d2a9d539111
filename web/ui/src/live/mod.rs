//! The Live page: what the tills do this minute.

mod banners;
mod compared;
mod dead_letters;
mod filter_form;
mod filters;
mod groups;
mod made;
mod minutes;
mod news;
mod state;
mod stream;
mod tiles;
mod tops;
mod transactions;

pub(crate) use made::gap_text;
pub(crate) use news::NewsLine;
pub(crate) use state::LiveView;
pub(crate) use stream::listen;

use crate::i18n::live as words;
use crate::icons::ShopIcon;
use crate::notices::Down;
use crate::settings::use_language;
use crate::state::Fault;
use banners::Banners;
use compared::use_compared;
use comptoir_model::api::live::{LiveCompared, LiveDimension, Revenue, SourceState, WindowName};
use comptoir_model::money::{Currency, Money};
use groups::Groups;
use jiff::Timestamp;
use leptos::prelude::*;
use made::Made;
use minutes::Minutes;
use state::{Freshness, Picture};
use tiles::Tiles;
use tops::Tops;
use transactions::Transactions;

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Scope {
    picture: Signal<Picture>,
    window: RwSignal<WindowName>,
    currency: Signal<Currency>,
    /// The same weekday last week.
    compared: Signal<Option<LiveCompared>>,
}

/// Nothing sold in a currency is zero of it.
fn revenue_in(all: &[Revenue], currency: Currency) -> Revenue {
    let zero = Money::zero(currency);
    let found = all.iter().find(|revenue| revenue.net.currency == currency);
    found.copied().unwrap_or(Revenue {
        gross: zero,
        refunds: zero,
        net: zero,
    })
}

/// Which face the page shows. New figures are the same face, which keeps whatever is open in it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Face {
    Loading,
    Empty,
    Down(Fault),
    Figures,
}

impl Face {
    fn of(view: &LiveView) -> Self {
        match view {
            LiveView::Loading => Self::Loading,
            LiveView::Down(fault) => Self::Down(fault.clone()),
            LiveView::Shown(shown) if shown.picture.source().state == SourceState::Empty => {
                Self::Empty
            }
            LiveView::Shown(_) => Self::Figures,
        }
    }
}

#[component]
pub(crate) fn LivePage(
    view: RwSignal<LiveView>,
    now: RwSignal<Timestamp>,
    /// What stands behind the page in the address.
    query: RwSignal<String>,
) -> impl IntoView {
    let language = use_language();
    let face = Memo::new(move |_| view.with(Face::of));
    let heading = move || view! { <h1>{move || language.get().text().live_page}</h1> };
    move || match face.get() {
        Face::Loading => view! { {heading()} <Loading /> }.into_any(),
        Face::Empty => view! { {heading()} <Empty /> }.into_any(),
        Face::Down(fault) => view! { {heading()} <Down fault /> }.into_any(),
        Face::Figures => view
            .with_untracked(|view| view.as_shown().map(|shown| shown.picture.clone()))
            .map(|first| view! { <Figures view first now query /> })
            .into_any(),
    }
}

/// The shape of the page to come; only before the first message.
#[component]
fn Loading() -> impl IntoView {
    let language = use_language();
    view! {
        <p class="spoken" role="status">{move || language.get().text().live.loading}</p>
        <div class="tiles six" aria-hidden="true">
            {(0..6).map(|_| view! { <div class="tile skeleton"></div> }).collect_view()}
        </div>
        <div class="panels" aria-hidden="true">
            <div class="panel skeleton"></div>
            <div class="panel skeleton"></div>
        </div>
    }
}

#[component]
fn Empty() -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().live;
    view! {
        <section class="notice" data-state="empty" aria-labelledby="notice-heading">
            <ShopIcon />
            <h2 id="notice-heading">{move || text().empty}</h2>
            <p>{move || text().empty_fills}</p>
            <p>
                {move || language.get().text().command} " "
                <code>"comptoir-speed simulate --rate 5"</code>
            </p>
        </section>
    }
}

#[component]
fn Figures(
    view: RwSignal<LiveView>,
    /// What is shown until the view changes.
    first: Picture,
    now: RwSignal<Timestamp>,
    query: RwSignal<String>,
) -> impl IntoView {
    let language = use_language();
    let picture = Memo::new(move |before: Option<&Picture>| {
        view.with(|view| match view.as_shown() {
            Some(shown) => shown.picture.clone(),
            // About to leave the page: nothing new to show.
            None => before.unwrap_or(&first).clone(),
        })
    });
    let freshness = Memo::new(move |_| {
        view.with(|view| {
            let shown = view.as_shown()?;
            Some(Freshness::of(shown, now.get()))
        })
    });
    let is_current =
        Memo::new(move |_| freshness.with(|it| it.as_ref().is_some_and(Freshness::is_current)));
    let window = RwSignal::new(WindowName::Today);
    let chosen = RwSignal::new(None);
    let currencies = Memo::new(move |_| picture.with(Picture::currencies));
    let currency = Memo::new(move |before: Option<&Currency>| {
        currencies.with(|all| {
            let wanted = chosen.get().or(before.copied());
            (wanted.filter(|wanted| all.contains(wanted)))
                .or_else(|| all.first().copied())
                .unwrap_or(Currency::EUR)
        })
    });
    let scope = Scope {
        picture: picture.into(),
        window,
        currency: currency.into(),
        compared: use_compared(),
    };
    // For programs: exactly what the figures on the page include.
    let as_of = move || picture.with(|picture| serde_json::to_string(picture.as_of()).ok());
    let made = RwSignal::new(None);
    view! {
        <header class="page-head live-head">
            <h1>{move || language.get().text().live_page}</h1>
            <WindowChoice window />
            <Show when=move || currencies.with(|all| all.len() > 1)>
                <CurrencyChoice all=currencies current=scope.currency chosen />
            </Show>
        </header>
        <Banners picture freshness />
        <div
            class="live"
            class:stale=move || !is_current.get()
            data-as-of=as_of
            data-window=move || window_key(window.get())
            data-currency=move || currency.get().to_string()
        >
            <Tiles scope made />
            <div class="live-columns">
                <div class="panels">
                    <Minutes scope now />
                    <Groups id="by-category" dimension=LiveDimension::Category scope />
                    <Tops scope />
                    <Groups id="by-city" dimension=LiveDimension::City scope />
                </div>
                <Transactions scope query />
            </div>
        </div>
        <Made scope made />
    }
}

/// As the API spells it.
fn window_key(window: WindowName) -> &'static str {
    match window {
        WindowName::Minutes5 => "5m",
        WindowName::Minutes60 => "60m",
        WindowName::Today => "today",
    }
}

#[component]
fn WindowChoice(window: RwSignal<WindowName>) -> impl IntoView {
    let language = use_language();
    view! {
        <fieldset class="choice" id="window-choice">
            <legend class="spoken">{move || language.get().text().live.window_choice}</legend>
            {[WindowName::Minutes5, WindowName::Minutes60, WindowName::Today].map(|name| view! {
                <label>
                    <input
                        type="radio"
                        name="window"
                        value=window_key(name)
                        prop:checked=move || window.get() == name
                        on:change=move |_| window.set(name)
                    />
                    <span>{move || words::window(language.get(), name)}</span>
                </label>
            })}
        </fieldset>
    }
}

#[component]
fn CurrencyChoice(
    #[prop(into)] all: Signal<Vec<Currency>>,
    current: Signal<Currency>,
    chosen: RwSignal<Option<Currency>>,
) -> impl IntoView {
    let language = use_language();
    view! {
        <fieldset class="choice" id="currency-choice">
            <legend class="spoken">{move || language.get().text().live.currency_choice}</legend>
            <For each=move || all.get() key=|currency| *currency let:currency>
                <label>
                    <input
                        type="radio"
                        name="currency"
                        value=currency.to_string()
                        prop:checked=move || current.get() == currency
                        on:change=move |_| chosen.set(Some(currency))
                    />
                    <span>{currency.to_string()}</span>
                </label>
            </For>
        </fieldset>
    }
}
