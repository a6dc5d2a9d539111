//! The page's few icons: one stroke width, drawn in the colour of the text.

use crate::route::Route;
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
pub(crate) fn WarningIcon() -> impl IntoView {
    icon(WARNING)
}

#[component]
pub(crate) fn BoxIcon() -> impl IntoView {
    icon("M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8")
}

#[component]
pub(crate) fn ShopIcon() -> impl IntoView {
    icon(SHOP)
}

const SHOP: &str = "M4 9.500 5.500 4h13L20 9.500M4 9.500a2.700 2.700 0 0 0 5.300 0 2.700 2.700 0 0 0 5.400 0 2.700 2.700 0 0 0 5.300 0M5.500 12v8h13v-8M10 20v-5h4v5";
const PULSE: &str = "M3 12h4l2.500-6.500 5 13L17 12h4";
const HISTORY: &str = "M4 12a8 8 0 1 0 2.6-5.9L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2";
const LINES: &str = "M4 6h16M4 10.500h11M4 15h16M4 19.500h8";
const REPEAT: &str = "M4.500 11a7 7 0 0 1 12-4.500L19 9M19 4.500V9h-4.500M19.500 13a7 7 0 0 1-12 4.500L5 15M5 19.500V15h4.500";
const HEART: &str = "M12 20s-7.500-4.500-7.500-10A4.200 4.200 0 0 1 12 7.500 4.200 4.200 0 0 1 19.500 10c0 5.500-7.500 10-7.500 10zM8 12h2l1.500-2.500 2 4.500 1-2H16";

/// Records that are ticked off.
const CHAIN: &str = "M4 6.500l1.500 1.500L8 5.500M4 12.500l1.500 1.500L8 11.500M4 18.500l1.500 1.500L8 17.500M11.500 7H20M11.500 13H20M11.500 19H20";
const WAVES: &str = "M3 8c2 0 2-1.500 4.500-1.500S10 8 12 8s2-1.500 4.500-1.500S19 8 21 8M3 13c2 0 2-1.500 4.500-1.500S10 13 12 13s2-1.500 4.500-1.500S19 13 21 13M3 18c2 0 2-1.500 4.500-1.500S10 18 12 18s2-1.500 4.500-1.500S19 18 21 18";
pub(crate) const FOLDER: &str = "M3.500 7a1.500 1.500 0 0 1 1.500-1.500h4l2 2.500h8a1.500 1.500 0 0 1 1.500 1.500v8a1.500 1.500 0 0 1-1.500 1.500H5a1.500 1.500 0 0 1-1.500-1.500z";

pub(crate) fn route_icon(route: Route) -> &'static str {
    match route {
        Route::Live => PULSE,
        Route::History => HISTORY,
        Route::Data => CHAIN,
        Route::Lake => WAVES,
        Route::Logs => LINES,
        Route::Jobs => REPEAT,
        Route::Health | Route::Journal => HEART,
    }
}

pub(crate) const CHECK: &str = "M5 12.5l4.5 4.5L19 7.5";
pub(crate) const CROSS: &str = "M6.500 6.500l11 11M17.500 6.500l-11 11";
pub(crate) const CLOCK: &str = "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4.500l3 1.500";
pub(crate) const BACK: &str = "M9 6 4.500 10.500 9 15M5 10.500h9a5 5 0 0 1 0 10h-3";
pub(crate) const LOCK: &str = "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3M12 14.500v2";
pub(crate) const QUESTION: &str = "M9 9.200a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.01M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17";
pub(crate) const WARNING: &str = "M12 9v4.5M12 17v.01M10.6 4.3 3 17.5A1.6 1.6 0 0 0 4.4 20h15.2a1.6 1.6 0 0 0 1.4-2.500L13.400 4.300a1.600 1.600 0 0 0-2.800 0z";

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
