//! The six figures of the chosen window.

use super::compared::change;
use super::{Scope, revenue_in};
use crate::i18n::{Language, live as words};
use crate::settings::use_language;
use crate::{browser, dates, format};
use comptoir_model::api::live::{Estimate, LiveFigures, Window, WindowName};
use comptoir_model::money::{Currency, Money};
use leptos::prelude::*;
use rust_decimal::Decimal;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    NetRevenue,
    Orders,
    AverageBasket,
    ApprovalRate,
    Units,
    Customers,
}

/// The most important figure first.
const TILES: [Figure; 6] = [
    Figure::NetRevenue,
    Figure::Orders,
    Figure::AverageBasket,
    Figure::ApprovalRate,
    Figure::Units,
    Figure::Customers,
];

impl Figure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NetRevenue => "net_revenue",
            Self::Orders => "orders",
            Self::AverageBasket => "average_basket",
            Self::ApprovalRate => "approval_rate",
            Self::Units => "units",
            Self::Customers => "customers",
        }
    }

    pub(super) fn label(self, language: Language) -> &'static str {
        let text = &language.text().live;
        match self {
            Self::NetRevenue => text.net_revenue,
            Self::Orders => text.orders,
            Self::AverageBasket => text.average_basket,
            Self::ApprovalRate => text.approval_rate,
            Self::Units => text.units,
            Self::Customers => text.customers,
        }
    }

    pub(super) fn formula(self, language: Language) -> &'static str {
        let text = &language.text().live;
        match self {
            Self::NetRevenue => text.net_revenue_formula,
            Self::Orders => text.orders_formula,
            Self::AverageBasket => text.average_basket_formula,
            Self::ApprovalRate => text.approval_rate_formula,
            Self::Units => text.units_formula,
            Self::Customers => text.customers_formula,
        }
    }

    /// Whether what is missing would make it larger; of an average or a rate nobody knows.
    fn only_grows(self) -> bool {
        !matches!(self, Self::AverageBasket | Self::ApprovalRate)
    }

    fn value(self, figures: &LiveFigures, currency: Currency) -> Value {
        match self {
            Self::NetRevenue => Value::Money(revenue_in(&figures.revenue, currency).net),
            Self::Orders => Value::Estimate(figures.orders),
            Self::AverageBasket => match figures.average_basket {
                Some(basket) => Value::Average(basket, figures.orders.error_percent),
                None => Value::Nothing,
            },
            Self::ApprovalRate => figures
                .approval_rate_percent
                .map_or(Value::Nothing, Value::Percent),
            Self::Units => Value::Count(figures.units),
            Self::Customers => Value::Estimate(figures.customers),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Money(Money),
    Count(u64),
    Estimate(Estimate),
    /// With the error of what it was divided by.
    Average(Money, Decimal),
    Percent(Decimal),
    Nothing,
}

impl Value {
    /// A plain decimal for programs; empty where there is no value.
    fn exact(self) -> String {
        match self {
            Self::Money(money) | Self::Average(money, _) => money.amount.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Estimate(estimate) => estimate.count.to_string(),
            Self::Percent(percent) => percent.to_string(),
            Self::Nothing => String::new(),
        }
    }

    fn number(self) -> Option<Decimal> {
        match self {
            Self::Money(money) | Self::Average(money, _) => Some(money.amount),
            Self::Count(count) => Some(count.into()),
            Self::Estimate(estimate) => Some(estimate.count.into()),
            Self::Percent(percent) => Some(percent),
            Self::Nothing => None,
        }
    }

    fn shown(self, language: Language) -> String {
        match self {
            Self::Money(money) | Self::Average(money, _) => format::money(language, &money),
            Self::Count(count) => format::integer(language, count),
            Self::Estimate(estimate) => format::integer(language, estimate.count),
            Self::Percent(percent) => format::percent(language, percent),
            Self::Nothing => "–".to_owned(),
        }
    }

    /// In percent, of what is estimated; an exact sketch has none.
    fn error(self) -> Option<Decimal> {
        match self {
            Self::Estimate(estimate) => Some(estimate.error_percent),
            Self::Average(_, error) => Some(error),
            _ => None,
        }
    }
}

#[component]
pub(super) fn Tiles(scope: Scope, made: RwSignal<Option<Figure>>) -> impl IntoView {
    let language = use_language();
    let Scope {
        picture,
        window,
        currency,
        compared,
    } = scope;
    let shown = Memo::new(move |_| picture.with(|picture| picture.window(window.get()).cloned()));
    let at_least = Memo::new(move |_| {
        let from = shown.with(|shown| shown.as_ref().map(|window| window.from));
        picture.with(|picture| from.is_some_and(|from| picture.is_incomplete_since(from)))
    });
    let as_of = Memo::new(move |_| picture.with(|picture| picture.as_of().time));
    let bound = move |pick: fn(&Window) -> jiff::Timestamp| {
        shown.with(|shown| shown.as_ref().map(|window| pick(window).to_string()))
    };
    let as_of_text = Signal::derive(move || {
        let time = dates::time_of_day(browser::local(as_of.get()));
        crate::i18n::sentences::as_of(language.get(), &time)
    });
    view! {
        <section
            class="tiles six"
            aria-label=move || language.get().text().live.figures
            data-from=move || bound(|window| window.from)
            data-to=move || bound(|window| window.to)
        >
            {TILES.map(|figure| {
                let value = Memo::new(move |_| shown.with(|shown| {
                    shown.as_ref().map_or(Value::Nothing, |window| {
                        figure.value(&window.figures, currency.get())
                    })
                }));
                let heading = format!("live-{}", figure.name());
                let note = move || shown.with(|shown| {
                    shown.as_ref().map(|window| {
                        note(figure, &window.figures, currency.get(), language.get())
                    })
                });
                view! {
                    <article class="tile" aria-labelledby=heading>
                        <h2 id=heading.clone()>{move || figure.label(language.get())}</h2>
                        <p class="value">
                            <Show when=move || at_least.get() && figure.only_grows()>
                                <span class="at-least">
                                    {move || language.get().text().live.at_least}
                                </span>
                            </Show>
                            <span data-figure=figure.name() data-value=move || value.get().exact()>
                                {move || value.get().shown(language.get())}
                            </span>
                            {move || value.get().error().map(|error| view! { <Error error /> })}
                        </p>
                        <p class="note">{note}</p>
                        // Always there: what comes a moment later moves nothing.
                        <p class="compared">
                            {move || compared.with(|compared| {
                                let compared = compared.as_ref().filter(|_| window.get() == WindowName::Today)?;
                                let then = figure.value(&compared.today.figures, currency.get());
                                let change = change(value.get().number()?, then.number()?, figure == Figure::ApprovalRate)?;
                                let language = language.get();
                                let said = words::compared(language, &change.said(language), browser::local(compared.at));
                                Some(view! {
                                    <span data-figure="compared" data-value=then.exact()>{said}</span>
                                })
                            })}
                        </p>
                        <p class="as-of">{move || as_of_text.get()}</p>
                        <button
                            type="button"
                            class="made-button"
                            on:click=move |_| made.set(Some(figure))
                        >
                            {move || language.get().text().live.made_of}
                        </button>
                    </article>
                }
            })}
        </section>
    }
}

/// `± 1.6%`, behind what is estimated.
#[component]
fn Error(error: Decimal) -> impl IntoView {
    let language = use_language();
    view! {
        <span
            class="error"
            data-error=error.to_string()
            title=move || language.get().text().live.error
        >
            "±\u{a0}" {move || format::percent(language.get(), error)}
        </span>
    }
}

/// What stands below a value: the parts it is made of.
fn note(figure: Figure, figures: &LiveFigures, currency: Currency, language: Language) -> AnyView {
    let text = &language.text().live;
    let money = |name: &'static str, money: Money, label: &'static str| {
        view! {
            <span class="piece">
                {label} " "
                <span data-figure=name data-value=money.amount.to_string()>
                    {format::money(language, &money)}
                </span>
            </span>
        }
    };
    let count = |name: &'static str, count: u64, label: &'static str| {
        view! {
            <span class="piece">
                <span data-figure=name data-value=count.to_string()>
                    {format::integer(language, count)}
                </span>
                " " {label}
            </span>
        }
    };
    match figure {
        Figure::NetRevenue => {
            let revenue = revenue_in(&figures.revenue, currency);
            view! {
                {money("gross", revenue.gross, text.gross)}
                {money("refunds", revenue.refunds, text.refunds)}
            }
            .into_any()
        }
        Figure::ApprovalRate => view! {
            {count("approved", figures.approved, text.approved)}
            {count("declined", figures.declined, text.declined)}
            {count("pending", figures.pending, text.pending)}
        }
        .into_any(),
        Figure::Units => view! {
            {count("transactions", figures.transactions, words::transactions_word(language, figures.transactions))}
            {count("refunded", figures.refunded, words::status(language, comptoir_model::event::Status::Refunded))}
        }
        .into_any(),
        Figure::AverageBasket if figures.average_basket.is_none() && figures.revenue.len() > 1 => {
            text.several_currencies.into_any()
        }
        Figure::AverageBasket | Figure::Orders | Figure::Customers => {
            words::with_a_payment(language, figure == Figure::AverageBasket).into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::api::live::Revenue;

    fn figures() -> LiveFigures {
        let estimate = |count| Estimate {
            count,
            error_percent: "1.6".parse().unwrap(),
        };
        let eur = |text| Money::parse(text, Currency::EUR).unwrap();
        LiveFigures {
            transactions: 1_000,
            approved: 900,
            declined: 60,
            pending: 30,
            refunded: 10,
            units: 1_800,
            revenue: vec![Revenue {
                gross: eur("12500.50"),
                refunds: eur("100.25"),
                net: eur("12400.25"),
            }],
            orders: estimate(400),
            customers: estimate(300),
            average_basket: Some(eur("31.25")),
            approval_rate_percent: Some("93.8".parse().unwrap()),
        }
    }

    fn shown(figure: Figure) -> (String, String) {
        let value = figure.value(&figures(), Currency::EUR);
        (value.exact(), value.shown(Language::English))
    }

    #[test]
    fn every_figure_is_exact_for_programs_and_written_for_people() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(shown(Figure::NetRevenue), pair("12400.25", "€12,400.25"));
        assert_eq!(shown(Figure::Orders), pair("400", "400"));
        assert_eq!(shown(Figure::ApprovalRate), pair("93.8", "93.8%"));
        assert_eq!(shown(Figure::Units), pair("1800", "1,800"));
    }

    #[test]
    fn only_estimates_and_what_is_made_of_them_have_an_error() {
        let error = |figure: Figure| figure.value(&figures(), Currency::EUR).error();
        for figure in [Figure::Orders, Figure::Customers, Figure::AverageBasket] {
            assert_eq!(error(figure), Some("1.6".parse().unwrap()), "{figure:?}");
        }
        for figure in [Figure::NetRevenue, Figure::Units, Figure::ApprovalRate] {
            assert_eq!(error(figure), None, "{figure:?}");
        }
    }

    #[test]
    fn nothing_sold_in_a_currency_is_zero_of_it() {
        let usd = "USD".parse().unwrap();
        let value = Figure::NetRevenue.value(&figures(), usd);
        assert_eq!(value, Value::Money(Money::zero(usd)));
    }

    #[test]
    fn an_average_of_nothing_is_a_dash() {
        let none = LiveFigures {
            average_basket: None,
            ..figures()
        };
        let value = Figure::AverageBasket.value(&none, Currency::EUR);
        assert_eq!((value.exact().as_str(), value.error()), ("", None));
        assert_eq!(value.shown(Language::French), "–");
    }
}
