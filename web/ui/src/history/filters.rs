//! Which order lines the History page counts, as its address says it. Pure.

use super::period::day;
use crate::chips::Chip;
use crate::dates::{self, Month};
use crate::i18n::{Language, filters as words};
use crate::route::{Route, decoded, encoded};
use comptoir_model::history::Dimension;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// The same parameters as those of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    values: BTreeSet<(Dimension, String)>,
    from: Option<Date>,
    to: Option<Date>,
}

impl Filters {
    /// What stands behind the page in the address. What is no filter is left out.
    pub(crate) fn parse(query: &str) -> Self {
        let mut filters = Self::default();
        for part in query.split('&') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match (name, name.parse()) {
                ("from", _) => filters.from = day(value),
                ("to", _) => filters.to = day(value),
                (_, Ok(dimension)) => {
                    filters.values.insert((dimension, decoded(value)));
                }
                _ => {}
            }
        }
        filters
    }

    /// As the API takes them, and the address.
    pub(crate) fn query(&self) -> String {
        let values = self.values.iter();
        let values = values.map(|(dimension, value)| format!("{dimension}={}", encoded(value)));
        let days = [("from", self.from), ("to", self.to)];
        let days = days
            .iter()
            .filter_map(|(name, day)| Some(format!("{name}={}", (*day)?)));
        values.chain(days).collect::<Vec<_>>().join("&")
    }

    pub(crate) fn address(&self) -> String {
        match self.query().as_str() {
            "" => Route::History.hash().to_owned(),
            query => format!("{}?{query}", Route::History.hash()),
        }
    }

    pub(crate) fn days(&self) -> (Option<Date>, Option<Date>) {
        (self.from, self.to)
    }

    pub(crate) fn takes(&self, dimension: Dimension, value: &str) -> bool {
        self.values.contains(&(dimension, value.to_owned()))
    }

    pub(crate) fn with(&self, dimension: Dimension, value: &str) -> Self {
        let mut filters = self.clone();
        filters.values.insert((dimension, value.to_owned()));
        filters
    }

    pub(crate) fn between(&self, from: Option<Date>, to: Option<Date>) -> Self {
        Self {
            from,
            to,
            ..self.clone()
        }
    }

    /// Each of them, with the way to the page without it.
    pub(crate) fn chips(&self, language: Language) -> Vec<Chip> {
        let text = language.text();
        let values = self.values.iter().map(|(dimension, value)| {
            let mut others = self.clone();
            others.values.remove(&(*dimension, value.clone()));
            let name = text.dimension(*dimension);
            let shown = shown(language, *dimension, value);
            Chip {
                key: format!("{dimension}={value}"),
                shown: words::labelled(language, name, &shown),
                without: others.address(),
            }
        });
        let words = words::text(language);
        let days = [
            ("from", words.from, self.from, self.between(None, self.to)),
            ("to", words.to, self.to, self.between(self.from, None)),
        ];
        let days = days.into_iter().filter_map(|(key, name, day, others)| {
            Some(Chip {
                key: format!("{key}={}", day?),
                shown: format!("{name} {}", dates::day(language, day?)),
                without: others.address(),
            })
        });
        values.chain(days).collect()
    }
}

/// A group's name as people read it.
pub(crate) fn shown(language: Language, dimension: Dimension, value: &str) -> String {
    let month = (dimension == Dimension::Month)
        .then(|| Month::parse(value))
        .flatten();
    match month {
        Some(month) => month.long(language),
        None if value.is_empty() => language.text().no_group_name.to_owned(),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_its_filters() {
        let filters = Filters::default()
            .with(Dimension::Country, "Korea, South & more")
            .with(Dimension::Country, "")
            .with(Dimension::Month, "2004-11")
            .between(day("2004-01-01"), day("2004-12-31"));
        let address = filters.address();
        let (page, query) = address.split_once('?').unwrap();
        assert_eq!(page, "#/history");
        assert_eq!(Filters::parse(query), filters);
        assert_eq!(filters.query(), query);
        assert_eq!(Filters::default().address(), "#/history");
    }

    #[test]
    fn what_is_no_filter_is_left_out() {
        for query in ["", "path=/user", "from=yesterday", "country", "&&"] {
            let filters = Filters::parse(query);
            let is_none = filters == Filters::default();
            assert_eq!(is_none, query != "country", "{query}");
        }
    }

    #[test]
    fn each_chip_takes_one_filter_away() {
        let filters = Filters::parse("country=France&status=On%20Hold&from=2004-02-24");
        let chips = filters.chips(Language::English);
        let shown: Vec<_> = chips.iter().map(|chip| chip.shown.as_str()).collect();
        assert_eq!(
            shown,
            ["Country: France", "Status: On Hold", "From 24 Feb 2004"]
        );
        assert_eq!(
            chips[0].without,
            "#/history?status=On%20Hold&from=2004-02-24"
        );
        assert_eq!(
            chips[2].without,
            "#/history?country=France&status=On%20Hold"
        );
    }
}
