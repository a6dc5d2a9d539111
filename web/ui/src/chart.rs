//! Hand-made SVG charts: layout is computed purely, drawing only writes it down.

pub(crate) mod axis;
pub(crate) mod bars;
pub(crate) mod columns;
pub(crate) mod cursor;
mod mark;
pub(crate) mod minutes;
pub(crate) mod panel;
mod plot;
pub(crate) mod table;

/// The fill of what was cancelled: a pattern that [`HatchPattern`] puts on the page once.
const HATCH: &str = "url(#hatch)";
/// The fill of what is missing.
const HOLE: &str = "url(#hole)";

use leptos::prelude::*;

#[component]
pub(crate) fn HatchPattern() -> impl IntoView {
    view! {
        <svg class="patterns" width="0" height="0" aria-hidden="true">
            <pattern
                id="hatch"
                width="5"
                height="5"
                patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
            >
                <rect class="hatch-ground" width="5" height="5" />
                <line class="hatch-line" x1="1" y1="0" x2="1" y2="5" />
            </pattern>
            <pattern
                id="hole"
                width="8"
                height="8"
                patternUnits="userSpaceOnUse"
                patternTransform="rotate(-45)"
            >
                <line class="hole-line" x1="1" y1="0" x2="1" y2="8" />
            </pattern>
        </svg>
    }
}

/// The width of a text, near enough to place it: rather too wide than too narrow.
fn text_width(text: &str, font_size: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a label has few characters")]
    let count = text.chars().count() as f64;
    count * font_size * 0.58
}
