//! Language and theme: chosen by the browser until the user chooses, then remembered.

use crate::browser;
use crate::i18n::Language;
use leptos::prelude::*;

const LANGUAGE_KEY: &str = "comptoir.language";
/// Also read by `boot.js`, before the first paint.
const THEME_KEY: &str = "comptoir.theme";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system has it.
    Auto,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }
}

/// The language of every text on the page; a context of [`crate::app::App`].
pub(crate) fn use_language() -> RwSignal<Language> {
    expect_context()
}

/// A language signal that the document follows and the browser remembers.
pub(crate) fn language() -> RwSignal<Language> {
    let remembered = browser::remembered(LANGUAGE_KEY);
    let tags = browser::languages();
    let tags = remembered.iter().chain(&tags).map(String::as_str);
    let language = RwSignal::new(Language::preferred(tags));
    Effect::new(move |_| browser::set_root_attribute("lang", language.get().tag()));
    language
}

pub(crate) fn switch_language(language: RwSignal<Language>) {
    language.update(|language| *language = language.other());
    browser::remember(LANGUAGE_KEY, language.get_untracked().tag());
}

/// A theme signal that the document follows.
pub(crate) fn theme() -> RwSignal<Theme> {
    let remembered = browser::remembered(THEME_KEY);
    let theme = Theme::ALL
        .into_iter()
        .find(|theme| Some(theme.as_str()) == remembered.as_deref())
        .unwrap_or(Theme::Auto);
    let theme = RwSignal::new(theme);
    Effect::new(move |_| browser::set_root_attribute("data-theme", theme.get().as_str()));
    theme
}

pub(crate) fn switch_theme(theme: RwSignal<Theme>) {
    theme.update(|theme| *theme = theme.next());
    browser::remember(THEME_KEY, theme.get_untracked().as_str());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_button_reaches_every_theme_and_comes_back() {
        let mut seen = vec![Theme::Auto];
        while let next @ (Theme::Light | Theme::Dark) = seen[seen.len() - 1].next() {
            seen.push(next);
        }
        assert_eq!(seen, Theme::ALL);
    }
}
