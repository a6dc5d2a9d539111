//! The lines of an import, kept small, and the figures of those that filters take.

use super::{Dimension, Totals};
use crate::api::{HistoryFigures, HistoryGroup, Period};
use crate::ids::OrderNumber;
use crate::money::{Currency, Money, MoneyError};
use crate::sales::SalesLine;
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which lines are counted. An order counts where one of its lines does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Of a dimension any of these values fits, and all that are named have to fit.
    pub values: BTreeMap<Dimension, BTreeSet<String>>,
    /// The first order date, included.
    pub from: Option<Date>,
    /// The last order date, included.
    pub to: Option<Date>,
}

impl HistoryFilter {
    /// Whether it takes every line.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What filters are answered from: each line in 64 bytes or so, each name once.
#[derive(Clone, Debug)]
pub struct HistoryLines {
    currency: Currency,
    lines: Vec<Line>,
    customers: Names,
    /// In the order of [`Dimension::ALL`].
    groups: [Names; DIMENSIONS],
}

const DIMENSIONS: usize = Dimension::ALL.len();

#[derive(Clone, Debug)]
struct Line {
    order: OrderNumber,
    amount: Decimal,
    date: Date,
    customer: u32,
    groups: [u32; DIMENSIONS],
    is_cancelled: bool,
}

/// The groups of one dimension that have lines that fit, and the names of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilteredGroups {
    /// Ordered by key.
    pub groups: Vec<HistoryGroup>,
    /// Ordered.
    pub other_keys: Vec<String>,
}

impl HistoryLines {
    /// Nothing yet; all lines are to be of this currency.
    pub fn new(currency: Currency) -> Self {
        Self {
            currency,
            lines: Vec::new(),
            customers: Names::default(),
            groups: std::array::from_fn(|_| Names::default()),
        }
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub fn add(&mut self, line: &SalesLine) {
        let groups = Dimension::ALL
            .map(|dimension| self.groups[dimension as usize].number(&dimension.key(line)));
        self.lines.push(Line {
            order: line.order,
            amount: line.sales.amount,
            date: line.date,
            customer: self.customers.number(&line.customer),
            groups,
            is_cancelled: line.is_cancelled(),
        });
    }

    /// The figures of the lines that fit, and the first and last order date of them.
    pub fn summary(
        &self,
        filter: &HistoryFilter,
    ) -> Result<(HistoryFigures, Option<Period>), MoneyError> {
        let mut totals = Totals::new(self.currency);
        let mut period = None;
        for line in self.fitting(filter) {
            self.count(&mut totals, line)?;
            period = Some(Period::with(period, line.date));
        }
        Ok((totals.figures(), period))
    }

    /// The same by a dimension.
    pub fn by(
        &self,
        filter: &HistoryFilter,
        dimension: Dimension,
    ) -> Result<FilteredGroups, MoneyError> {
        let names = &self.groups[dimension as usize].texts;
        let mut totals: Vec<Option<Totals<u32>>> = vec![None; names.len()];
        for line in self.fitting(filter) {
            let group = &mut totals[line.groups[dimension as usize] as usize];
            let group = group.get_or_insert_with(|| Totals::new(self.currency));
            self.count(group, line)?;
        }
        let mut found = FilteredGroups {
            groups: Vec::new(),
            other_keys: Vec::new(),
        };
        let by_name: BTreeMap<_, _> = names.iter().zip(totals).collect();
        for (key, totals) in by_name {
            let key = key.clone();
            match totals {
                None => found.other_keys.push(key),
                Some(totals) => found.groups.push(HistoryGroup {
                    key,
                    figures: totals.figures(),
                }),
            }
        }
        Ok(found)
    }

    fn count(&self, totals: &mut Totals<u32>, line: &Line) -> Result<(), MoneyError> {
        let sales = Money {
            amount: line.amount,
            currency: self.currency,
        };
        totals.add(line.order, &line.customer, sales, line.is_cancelled)
    }

    fn fitting(&self, filter: &HistoryFilter) -> impl Iterator<Item = &Line> {
        let (from, to) = (filter.from, filter.to);
        let wanted: Vec<_> = (filter.values.iter())
            .map(|(dimension, values)| {
                let at = *dimension as usize;
                (at, self.groups[at].marks(values))
            })
            .collect();
        self.lines.iter().filter(move |line| {
            let takes = |(at, marks): &(usize, Vec<bool>)| marks[line.groups[*at] as usize];
            from.is_none_or(|from| line.date >= from)
                && to.is_none_or(|to| line.date <= to)
                && wanted.iter().all(takes)
        })
    }
}

/// Texts by their number.
#[derive(Clone, Debug, Default)]
struct Names {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // Whoever keeps lines bounds them far below.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// For each text, whether it is one of these.
    fn marks(&self, wanted: &BTreeSet<String>) -> Vec<bool> {
        (self.texts.iter())
            .map(|text| wanted.contains(text))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::sales::CANCELLED;
    use proptest::prelude::*;

    fn line() -> impl Strategy<Value = SalesLine> {
        let texts = (
            prop::sample::select(vec!["Shipped", CANCELLED, "On Hold"]),
            prop::sample::select(vec!["Ships", "Trains, old"]),
            prop::sample::select(vec!["France", "Norway", ""]),
        );
        (1..9_u64, -500..50_000_i64, 1..28_i8, 1..4_i8, texts).prop_map(
            |(order, cents, day, month, (status, product_line, country))| SalesLine {
                order: OrderNumber(order),
                line: 1,
                sales: Money {
                    amount: Decimal::new(cents, 2),
                    currency: Currency::EUR,
                },
                date: jiff::civil::date(2024, month, day),
                status: status.to_owned(),
                product_line: product_line.to_owned(),
                customer: format!("customer {}", order % 3),
                country: country.to_owned(),
                territory: "EMEA".to_owned(),
                deal_size: "Small".to_owned(),
            },
        )
    }

    fn filter() -> impl Strategy<Value = HistoryFilter> {
        let some = |all: Vec<&'static str>| {
            prop::option::of(prop::sample::subsequence(all.clone(), 1..=all.len()))
        };
        let day = || prop::option::of((1..28_i8, 1..4_i8));
        let values = (
            some(vec!["France", "Norway", "", "Narnia"]),
            some(vec!["Shipped", CANCELLED]),
            some(vec!["2024-01", "2024-03"]),
        );
        (values, day(), day()).prop_map(|((countries, states, months), from, to)| {
            let values = [
                (Dimension::Country, countries),
                (Dimension::Status, states),
                (Dimension::Month, months),
            ];
            let values = values.into_iter().filter_map(|(dimension, values)| {
                let values = values?.into_iter().map(str::to_owned).collect();
                Some((dimension, values))
            });
            let date = |(day, month)| jiff::civil::date(2024, month, day);
            HistoryFilter {
                values: values.collect(),
                from: from.map(date),
                to: to.map(date),
            }
        })
    }

    fn takes(filter: &HistoryFilter, line: &SalesLine) -> bool {
        let month = line.date.strftime("%Y-%m").to_string();
        let of = |dimension, text: &String| {
            let values = filter.values.get(&dimension);
            values.is_none_or(|values| values.iter().any(|value| value == text))
        };
        of(Dimension::Country, &line.country)
            && of(Dimension::Status, &line.status)
            && of(Dimension::Month, &month)
            && filter.from.is_none_or(|from| from <= line.date)
            && filter.to.is_none_or(|to| line.date <= to)
    }

    proptest! {
        #[test]
        fn filtered_figures_are_those_of_an_import_without_the_other_lines(
            lines in prop::collection::vec(line(), 0..40),
            filter in filter(),
        ) {
            let (mut all, mut kept) = (HistoryLines::new(Currency::EUR), History::new(Currency::EUR));
            let mut whole = History::new(Currency::EUR);
            for line in &lines {
                all.add(line);
                whole.add(line).unwrap();
                if takes(&filter, line) {
                    kept.add(line).unwrap();
                }
            }
            let (figures, period) = all.summary(&filter).unwrap();
            prop_assert_eq!(figures, kept.summary());
            prop_assert_eq!(period, kept.period());
            for dimension in Dimension::ALL {
                let found = all.by(&filter, dimension).unwrap();
                let expected = kept.by(dimension);
                let has_lines = |key: &String| expected.iter().any(|group| group.key == *key);
                let others = whole.by(dimension).into_iter().map(|group| group.key);
                let others: Vec<_> = others.filter(|key| !has_lines(key)).collect();
                prop_assert_eq!(&found.groups, &expected);
                prop_assert_eq!(found.other_keys, others);
            }
        }
    }
}
