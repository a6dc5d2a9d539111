//! Net revenue of the chosen window by category or by city.

use super::{Scope, window_key};
use crate::chart::bars::{Bar, Bars};
use crate::chart::panel::{ChartPanel, Headline};
use crate::format;
use crate::i18n::{Language, live as words};
use crate::settings::use_language;
use comptoir_model::api::live::{LiveDimension, LiveGroup, LiveGroups, Revenue};
use comptoir_model::money::Currency;
use leptos::prelude::*;
use rust_decimal::Decimal;

/// A chart shows no more; the table has all that the server sent.
const BARS_MAX: usize = 10;

/// What a row of any ranking says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) transactions: u64,
    pub(super) approved: u64,
    pub(super) units: u64,
    pub(super) revenue: Revenue,
}

impl Row {
    fn of(group: &LiveGroup) -> Self {
        let key = match &group.country {
            Some(country) => format!("{}, {country}", group.key),
            None => group.key.clone(),
        };
        Self {
            key,
            name: group.key.clone(),
            transactions: group.transactions,
            approved: group.approved,
            units: group.units,
            revenue: group.revenue,
        }
    }

    /// `whole` is what shares are of; without it there are none.
    pub(super) fn bar(&self, whole: Option<Decimal>, language: Language) -> Bar {
        let share =
            whole.and_then(|whole| format::tenths_of_percent(self.revenue.net.amount, whole));
        Bar {
            key: self.key.clone(),
            name: self.name.clone(),
            value: self.revenue.net,
            kept: self.revenue.net.amount,
            whole: self.revenue.gross.amount,
            share,
            description: self.description(share, language),
        }
    }

    fn description(&self, share: Option<Decimal>, language: Language) -> String {
        let colon = match language {
            Language::English => ":",
            Language::French => "\u{a0}:",
        };
        let net = format::money(language, &self.revenue.net);
        let mut said = format!("{}{colon} {net}", self.name);
        let share =
            share.map(|share| words::part_of_net(language, &format::percent(language, share)));
        let refunds = (!self.revenue.refunds.amount.is_zero()).then(|| {
            words::of_which_refunded(language, &format::money(language, &self.revenue.refunds))
        });
        let count = format::integer(language, self.transactions);
        let transactions = words::transactions(language, self.transactions, &count);
        for detail in share.into_iter().chain(refunds).chain([transactions]) {
            said.push_str(" · ");
            said.push_str(&detail);
        }
        said
    }
}

#[component]
pub(super) fn Groups(id: &'static str, dimension: LiveDimension, scope: Scope) -> impl IntoView {
    let language = use_language();
    let Scope {
        picture,
        window,
        currency,
        ..
    } = scope;
    let groups = Memo::new(move |_| {
        picture.with(|picture| picture.groups(window.get(), dimension).cloned())
    });
    let rows = Memo::new(move |_| groups.with(|groups| rows(groups.as_ref(), currency.get())));
    // Of everything in the window: the list may leave small groups out.
    let whole = Memo::new(move |_| {
        picture.with(|picture| {
            let figures = &picture.window(window.get())?.figures;
            let revenue = figures
                .revenue
                .iter()
                .find(|it| it.net.currency == currency.get())?;
            Some(revenue.net.amount)
        })
    });
    let bars = Memo::new(move |_| {
        rows.with(|rows| {
            let bars = rows.iter().take(BARS_MAX);
            bars.map(|row| row.bar(whole.get(), language.get()))
                .collect::<Vec<_>>()
        })
    });
    let text = move || &language.get().text().live;
    let is_city = dimension == LiveDimension::City;
    let heading = Signal::derive(move || {
        let text = text();
        let name = if is_city {
            text.by_city
        } else {
            text.by_category
        };
        format!("{name} · {}", words::window(language.get(), window.get()))
    });
    let first = move || {
        bars.with(|bars| {
            let first = bars.first()?;
            let share = format::percent(language.get(), first.share?);
            Some(Headline {
                figure: "leader",
                group: first.key.clone(),
                value: first.value.amount.to_string(),
                sentence: words::leader(language.get(), &first.name, &share),
            })
        })
    };
    let left_out = move || {
        let total = groups.with(|groups| groups.as_ref().map_or(0, |groups| groups.total));
        let shown = bars.with(Vec::len) as u64;
        (currency_count(&groups) == 1 && total > shown)
            .then(|| words::more(language.get(), total - shown))
    };
    view! {
        <ChartPanel
            id
            heading
            headline=Signal::derive(first)
            caption=Signal::derive(move || text().groups_caption)
            is_empty=Signal::derive(move || rows.with(Vec::is_empty))
            nothing=Signal::derive(move || text().no_sales_yet)
            csv=Signal::derive(move || {
                let by = if is_city { "city" } else { "category" };
                format!("/api/v1/live/by/{by}?window={}", window_key(window.get()))
            })
            table=ViewFn::from(move || {
                let name = Signal::derive(move || {
                    if is_city { text().city } else { text().category }
                });
                view! { <RowTable name rows /> }
            })
        >
            <Bars bars label=heading />
            <p class="more">{left_out}</p>
        </ChartPanel>
    }
}

/// In how many currencies the groups were sold.
fn currency_count(groups: &Memo<Option<LiveGroups>>) -> usize {
    groups.with(|groups| {
        let mut currencies: Vec<_> = (groups.iter().flat_map(|groups| &groups.groups))
            .map(|group| group.revenue.net.currency)
            .collect();
        currencies.dedup();
        currencies.len()
    })
}

fn rows(groups: Option<&LiveGroups>, currency: Currency) -> Vec<Row> {
    groups
        .into_iter()
        .flat_map(|groups| &groups.groups)
        .filter(|group| group.revenue.net.currency == currency)
        .map(Row::of)
        .collect()
}

/// The numbers of a ranking.
#[component]
pub(super) fn RowTable(
    name: Signal<&'static str>,
    #[prop(into)] rows: Signal<Vec<Row>>,
) -> impl IntoView {
    let language = use_language();
    let text = move || &language.get().text().live;
    view! {
        <table>
            <thead>
                <tr>
                    <th scope="col">{move || name.get()}</th>
                    <th scope="col" class="number">{move || text().net}</th>
                    <th scope="col" class="number">{move || text().gross}</th>
                    <th scope="col" class="number">{move || text().refunds}</th>
                    <th scope="col" class="number">{move || text().transactions}</th>
                    <th scope="col" class="number">{move || text().approved}</th>
                    <th scope="col" class="number">{move || text().units}</th>
                </tr>
            </thead>
            <tbody>
                {move || rows.with(|rows| {
                    rows.iter().map(|row| table_row(row, language.get())).collect_view()
                })}
            </tbody>
        </table>
    }
}

fn table_row(row: &Row, language: Language) -> impl IntoView + use<> {
    let money = [
        ("net", row.revenue.net),
        ("gross", row.revenue.gross),
        ("refunds", row.revenue.refunds),
    ];
    let counts = [
        ("transactions", row.transactions),
        ("approved", row.approved),
        ("units", row.units),
    ];
    view! {
        <tr data-group=row.key.clone()>
            <th scope="row">{row.name.clone()}</th>
            {money.map(|(name, money)| view! {
                <td class="number" data-figure=name data-value=money.amount.to_string()>
                    {format::money(language, &money)}
                </td>
            })}
            {counts.map(|(name, count)| view! {
                <td class="number" data-figure=name data-value=count.to_string()>
                    {format::integer(language, count)}
                </td>
            })}
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::money::Money;

    fn row(net: &str, refunds: &str) -> Row {
        let money = |text| Money::parse(text, Currency::EUR).unwrap();
        let gross = money(net).checked_add(money(refunds)).unwrap();
        Row {
            key: "Nantes, France".to_owned(),
            name: "Nantes".to_owned(),
            transactions: 3,
            approved: 2,
            units: 5,
            revenue: Revenue {
                gross,
                refunds: money(refunds),
                net: money(net),
            },
        }
    }

    #[test]
    fn says_everything_about_a_group() {
        let bar = row("75.00", "5.00").bar(Some(300.into()), Language::English);
        assert_eq!(
            bar.description,
            "Nantes: €75.00 · 25.0% of net revenue · after €5.00 of refunds · 3 transactions"
        );
        assert_eq!((bar.kept, bar.whole), (75.into(), 80.into()));
    }

    #[test]
    fn without_a_whole_there_is_no_share() {
        let bar = row("75.00", "0").bar(None, Language::French);
        assert_eq!(bar.share, None);
        assert_eq!(
            bar.description,
            "Nantes\u{a0}: 75,00\u{a0}€ · 3 transactions"
        );
    }
}
