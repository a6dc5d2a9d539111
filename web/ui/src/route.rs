//! Which page is shown: the part of the address behind `#`, so that a reload, a bookmark and the
//! back button keep it.

use crate::browser;
use crate::i18n::Language;
use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Live,
    History,
    Logs,
    Jobs,
    Health,
}

impl Route {
    pub(crate) const ALL: [Self; 5] = [
        Self::Live,
        Self::History,
        Self::Logs,
        Self::Jobs,
        Self::Health,
    ];

    pub(crate) fn hash(self) -> &'static str {
        match self {
            Self::Live => "#/live",
            Self::History => "#/history",
            Self::Logs => "#/logs",
            Self::Jobs => "#/jobs",
            Self::Health => "#/health",
        }
    }

    /// `None` of a place within a page, and of an empty hash.
    fn parse(hash: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.hash() == hash)
    }

    pub(crate) fn title(self, language: Language) -> &'static str {
        let text = language.text();
        match self {
            Self::Live => text.live_page,
            Self::History => text.history,
            Self::Logs => text.logs_page,
            Self::Jobs => text.jobs.page,
            Self::Health => text.health_page,
        }
    }
}

/// The page that the address names; Live where it names none.
pub(crate) fn route() -> RwSignal<Route> {
    let current = || Route::parse(&browser::hash());
    let route = RwSignal::new(current().unwrap_or(Route::Live));
    browser::on_hash_change(move || {
        if let Some(next) = current()
            && route.get_untracked() != next
        {
            route.set(next);
            browser::scroll_to_top();
        }
    });
    route
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn every_page_has_an_address_and_other_hashes_have_none() {
        for route in Route::ALL {
            assert_eq!(Route::parse(route.hash()), Some(route));
        }
        for hash in ["", "#", "#content", "#/", "#/nothing", "#/LIVE"] {
            assert_eq!(Route::parse(hash), None, "{hash}");
        }
    }
}
