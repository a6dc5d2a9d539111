//! Which page is shown: the part of the address behind `#`, so that a reload, a bookmark and the
//! back button keep it.

use crate::browser;
use crate::i18n::Language;
use comptoir_model::api::access::Right;
use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Live,
    History,
    Data,
    Lake,
    Logs,
    Jobs,
    Health,
    Journal,
}

impl Route {
    const ALL: [Self; 8] = [
        Self::Live,
        Self::History,
        Self::Data,
        Self::Lake,
        Self::Logs,
        Self::Jobs,
        Self::Health,
        Self::Journal,
    ];

    /// Those that the rail leads to.
    pub(crate) const IN_RAIL: [Self; 7] = [
        Self::Live,
        Self::History,
        Self::Data,
        Self::Lake,
        Self::Logs,
        Self::Jobs,
        Self::Health,
    ];

    /// What it needs beyond the figures.
    pub(crate) fn right(self) -> Option<Right> {
        match self {
            Self::Lake | Self::Logs => Some(Right::Logs),
            Self::Journal => Some(Right::Journal),
            Self::Live | Self::History | Self::Data | Self::Jobs | Self::Health => None,
        }
    }

    /// By way of which the rail leads there.
    pub(crate) fn in_rail(self) -> Self {
        match self {
            Self::Journal => Self::Health,
            route => route,
        }
    }

    pub(crate) fn hash(self) -> &'static str {
        match self {
            Self::Live => "#/live",
            Self::History => "#/history",
            Self::Data => "#/data",
            Self::Lake => "#/lake",
            Self::Logs => "#/logs",
            Self::Jobs => "#/jobs",
            Self::Health => "#/health",
            Self::Journal => "#/journal",
        }
    }

    /// `None` of a place within a page, and of an empty hash.
    fn parse(hash: &str) -> Option<Self> {
        let page = hash.split('?').next().unwrap_or_default();
        Self::ALL.into_iter().find(|route| route.hash() == page)
    }

    pub(crate) fn title(self, language: Language) -> &'static str {
        let text = language.text();
        match self {
            Self::Live => text.live_page,
            Self::History => text.history,
            Self::Data => text.data_page,
            Self::Lake => text.lake_page,
            Self::Logs => text.logs_page,
            Self::Jobs => text.jobs.page,
            Self::Health => text.health_page,
            Self::Journal => text.journal_page,
        }
    }
}

/// Where in the application the address leads.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) route: RwSignal<Route>,
    /// What within the page: a path of the lake, a dead letter; empty where that is not said.
    pub(crate) below: RwSignal<String>,
    /// All parameters, as they stand in the address; [`param`] reads one.
    pub(crate) params: RwSignal<String>,
}

/// The page that the address names; Live where it names none.
pub(crate) fn place() -> Place {
    let current = || Route::parse(&browser::hash());
    let place = Place {
        route: RwSignal::new(current().unwrap_or(Route::Live)),
        below: RwSignal::new(below(&browser::hash())),
        params: RwSignal::new(params(&browser::hash()).to_owned()),
    };
    browser::on_hash_change(move || {
        let Some(next) = current() else { return };
        if place.route.get_untracked() != next {
            place.route.set(next);
            browser::scroll_to_top();
        }
        let hash = browser::hash();
        if place.params.get_untracked() != params(&hash) {
            place.params.set(params(&hash).to_owned());
        }
        let below = below(&hash);
        if place.below.get_untracked() != below {
            place.below.set(below);
        }
    });
    place
}

/// `#/lake?path=/user/sqoop` names a path, `#/data?letter=…` a dead letter.
fn below(hash: &str) -> String {
    let named = ["path", "letter"].into_iter();
    let mut values = named.filter_map(|name| param(params(hash), name));
    values.next().unwrap_or_default()
}

fn params(hash: &str) -> &str {
    hash.split_once('?').map_or("", |(_, params)| params)
}

/// One of the parameters of an address.
pub(crate) fn param(params: &str, name: &str) -> Option<String> {
    let mut pairs = params.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    Some(decoded(value))
}

/// The address of a page with these parameters; one without a value is left out.
pub(crate) fn address(route: Route, params: &[(&str, Option<&str>)]) -> String {
    let given = params
        .iter()
        .filter_map(|(name, value)| Some((name, (*value)?)));
    let pairs: Vec<_> = given
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    match pairs.len() {
        0 => route.hash().to_owned(),
        _ => format!("{}?{}", route.hash(), pairs.join("&")),
    }
}

/// A text as the value of a parameter of an address.
pub(crate) fn encoded(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            address.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            address.push('%');
            for digit in [byte >> 4, byte & 15] {
                address.push(char::from(DIGITS[usize::from(digit)]));
            }
        }
    }
    address
}

pub(crate) fn decoded(address: &str) -> String {
    let bytes = address.as_bytes();
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = (bytes[at] == b'%')
            .then(|| address.get(at + 1..at + 3))
            .flatten();
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        text.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Route, address, below, encoded, param, params};

    #[test]
    fn every_page_has_an_address_and_other_hashes_have_none() {
        for route in Route::ALL {
            assert_eq!(Route::parse(route.hash()), Some(route));
        }
        for hash in ["", "#", "#content", "#/", "#/nothing", "#/LIVE"] {
            assert_eq!(Route::parse(hash), None, "{hash}");
        }
    }

    #[test]
    fn a_place_within_a_page_survives_the_address() {
        for text in [
            "/user/sqoop/sales/part-m-00000",
            "/gold/100 % caf\u{e9}?#&=+",
            "0b5cX_-/2/17",
        ] {
            let hash = format!("{}?path={}", Route::Lake.hash(), encoded(text));
            assert_eq!(Route::parse(&hash), Some(Route::Lake), "{hash}");
            assert_eq!(below(&hash), text);
        }
        let letter = "a/0/7";
        let hash = address(
            Route::Data,
            &[
                ("reason", Some("a&b=c")),
                ("cursor", None),
                ("letter", Some(letter)),
            ],
        );
        assert_eq!(hash, "#/data?reason=a%26b%3Dc&letter=a/0/7");
        assert_eq!(below(&hash), letter);
        assert_eq!(param(params(&hash), "reason").as_deref(), Some("a&b=c"));
        assert_eq!(param(params(&hash), "cursor"), None);
        assert_eq!(address(Route::Data, &[("cursor", None)]), "#/data");
        for (hash, text) in [
            ("#/lake", ""),
            ("#/lake?", ""),
            ("#/lake?path=%zz%4", "%zz%4"),
        ] {
            assert_eq!(below(hash), text, "{hash}");
        }
    }
}
