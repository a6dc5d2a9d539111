//! The page's few icons: one stroke width, drawn in the colour of the text.

use leptos::prelude::*;

/// The counter (comptoir) of a shop: its top, and three bars that grow on it.
#[component]
pub(crate) fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
            <rect class="logo-ground" width="32" height="32" rx="8" />
            <path class="logo-mark" d="M7 24.5h18M10.5 20v-4M16 20v-8M21.5 20V8" />
        </svg>
    }
}

#[component]
pub(crate) fn HistoryIcon() -> impl IntoView {
    icon("M4 12a8 8 0 1 0 2.6-5.9L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2")
}

#[component]
pub(crate) fn WarningIcon() -> impl IntoView {
    icon(
        "M12 9v4.5M12 17v.01M10.6 4.3 3 17.5A1.6 1.6 0 0 0 4.4 20h15.2a1.6 1.6 0 0 0 1.4-2.5L13.4 4.3a1.6 1.6 0 0 0-2.8 0z",
    )
}

#[component]
pub(crate) fn CheckIcon() -> impl IntoView {
    icon("M5 12.5l4.5 4.5L19 7.5")
}

#[component]
pub(crate) fn BoxIcon() -> impl IntoView {
    icon("M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8")
}

pub(crate) const AUTO_THEME: &str = "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16";
pub(crate) const LIGHT_THEME: &str = "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1";
pub(crate) const DARK_THEME: &str = "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.500 10.500z";

pub(crate) fn icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
            <path d=path />
        </svg>
    }
}
