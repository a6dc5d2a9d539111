//! Which transactions the Live page lists, as its address says it. Pure.

use crate::chips::Chip;
use crate::i18n::{Language, filters as words, live};
use crate::route::{Route, decoded, encoded};
use comptoir_model::event::Status;
use std::collections::BTreeMap;

/// What the list can be narrowed down by, as the API spells it; the first two have few values.
pub(super) const NAMES: [&str; 8] = [
    "status",
    "channel",
    "category",
    "city",
    "country",
    "merchant",
    "product_id",
    "customer_id",
];

/// The same parameters as those of the API, one value each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filters(BTreeMap<&'static str, String>);

impl Filters {
    /// What stands behind the page in the address. What is no filter is left out.
    pub(super) fn parse(query: &str) -> Self {
        let parts = query.split('&').filter_map(|part| part.split_once('='));
        let known = parts.filter_map(|(name, value)| {
            let name = NAMES.into_iter().find(|known| *known == name)?;
            (!value.is_empty()).then(|| (name, decoded(value)))
        });
        Self(known.collect())
    }

    /// As the API takes them, and the address.
    pub(super) fn query(&self) -> String {
        let values = self.0.iter();
        let values = values.map(|(name, value)| format!("{name}={}", encoded(value)));
        values.collect::<Vec<_>>().join("&")
    }

    pub(super) fn address(&self) -> String {
        match self.query().as_str() {
            "" => Route::Live.hash().to_owned(),
            query => format!("{}?{query}", Route::Live.hash()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An empty value takes all.
    pub(super) fn value(&self, name: &'static str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(super) fn with(&self, name: &'static str, value: String) -> Self {
        let mut filters = self.clone();
        if value.is_empty() {
            filters.0.remove(name);
        } else {
            filters.0.insert(name, value);
        }
        filters
    }

    pub(super) fn chips(&self, language: Language) -> Vec<Chip> {
        let chips = self.0.iter().map(|(name, value)| Chip {
            key: format!("{name}={value}"),
            shown: words::labelled(
                language,
                label(language, name),
                &shown(language, name, value),
            ),
            without: self.with(name, String::new()).address(),
        });
        chips.collect()
    }
}

/// Of a filter.
pub(super) fn label(language: Language, name: &str) -> &'static str {
    let at = NAMES.iter().position(|known| *known == name);
    words::text(language).of_transactions[at.unwrap_or_default()]
}

/// The value of a filter as people read it.
pub(super) fn shown(language: Language, name: &str, value: &str) -> String {
    match Status::from_word(value).filter(|_| name == "status") {
        Some(status) => live::status(language, status).to_owned(),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_its_filters() {
        let filters = Filters::default()
            .with("status", "REFUNDED".to_owned())
            .with("merchant", "Épicerie & fils".to_owned());
        let address = filters.address();
        let (page, query) = address.split_once('?').unwrap();
        assert_eq!((page, Filters::parse(query)), ("#/live", filters.clone()));
        assert_eq!(filters.with("status", String::new()).value("status"), "");
        assert_eq!(
            Filters::parse("path=/user&city=&limit=3"),
            Filters::default()
        );
    }

    #[test]
    fn each_chip_takes_one_filter_away() {
        let filters = Filters::parse("status=REFUNDED&city=Saint-Malo");
        let chips = filters.chips(Language::English);
        let shown: Vec<_> = chips.iter().map(|chip| chip.shown.as_str()).collect();
        assert_eq!(shown, ["City: Saint-Malo", "Status: refunded"]);
        assert_eq!(chips[1].without, "#/live?city=Saint-Malo");
    }
}
