//! What only the browser knows: the time, its zone, languages, what was remembered, sizes.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, ResizeObserver, SvgElement};

/// The element with this id, which `index.html` has, without what stood in it while loading.
pub(crate) fn emptied_element(id: &str) -> HtmlElement {
    let element = document()
        .get_element_by_id(id)
        .unwrap_or_else(|| panic!("index.html has an element #{id}"));
    element.set_text_content(None);
    element.unchecked_into()
}

/// The page's only clock.
pub(crate) fn now() -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole milliseconds, far below 2^53"
    )]
    let millis = js_sys::Date::now() as i64;
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

/// The moment as clocks show it here.
pub(crate) fn local(at: Timestamp) -> DateTime {
    let here = at.checked_sub(SignedDuration::from_mins(minutes_behind(at)));
    // Only the ends of the calendar have no other zone.
    Offset::UTC.to_datetime(here.unwrap_or(at))
}

/// Minutes as clocks here count them: a week later, at the same time of day, they are a week's more,
/// also where clocks were changed in between.
pub(crate) fn clock_minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60) - minutes_behind(at)
}

/// How far clocks here are behind UTC at that moment.
fn minutes_behind(at: Timestamp) -> i64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of any year that has one"
    )]
    let date = js_sys::Date::new(&(at.as_millisecond() as f64).into());
    #[expect(clippy::cast_possible_truncation, reason = "whole minutes of a day")]
    let behind = date.get_timezone_offset() as i64;
    behind
}

/// The zone that [`local`] uses, by its name: `Europe/Paris`.
pub(crate) fn time_zone() -> String {
    let options = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new())
        .resolved_options();
    js_sys::Reflect::get(&options, &"timeZone".into())
        .ok()
        .and_then(|zone| zone.as_string())
        .unwrap_or_default()
}

/// The user's languages as BCP 47 tags, the preferred one first.
pub(crate) fn languages() -> Vec<String> {
    window()
        .navigator()
        .languages()
        .iter()
        .filter_map(|tag| tag.as_string())
        .collect()
}

/// What an earlier visit chose. A browser that forbids storage forgets.
pub(crate) fn remembered(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

pub(crate) fn remember(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A full or forbidden storage only means that the next visit starts with the default.
        drop(storage.set_item(key, value));
    }
}

pub(crate) fn set_root_attribute(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        // Fails for invalid names only, and ours are constants.
        drop(root.set_attribute(name, value));
    }
}

pub(crate) fn is_hidden() -> bool {
    document().hidden()
}

/// The width of an element in CSS pixels, kept up to date; zero until it is known.
pub(crate) fn width_of(element: NodeRef<Div>) -> Signal<f64> {
    let width = RwSignal::new(0.0);
    Effect::new(move |_| {
        let Some(element) = element.get() else {
            return;
        };
        let measured = element.clone();
        let on_resize = Closure::<dyn FnMut()>::new(move || {
            let now = f64::from(measured.client_width());
            // A hidden element has no width, but will be shown again as wide as before.
            if now > 0.0
                && width
                    .try_get_untracked()
                    .is_some_and(|before| differs(before, now))
            {
                width.set(now);
            }
        });
        let Ok(observer) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) else {
            return;
        };
        observer.observe(&element);
        let kept = StoredValue::new_local((observer, on_resize));
        on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
    });
    width.into()
}

fn differs(before: f64, now: f64) -> bool {
    (before - now).abs() >= 1.0
}

/// Which of the elements that carry `data-point` the event happened in, within the element that
/// handles it; `None` beside them.
pub(crate) fn point_of(event: &web_sys::Event) -> Option<usize> {
    let element = |target: Option<web_sys::EventTarget>| {
        target.and_then(|target| target.dyn_into::<web_sys::Element>().ok())
    };
    let point = element(event.target())?.closest("[data-point]").ok()??;
    let points = element(event.current_target())?
        .query_selector_all("[data-point]")
        .ok()?;
    (0..points.length())
        .find(|index| {
            points
                .item(*index)
                .is_some_and(|other| point.is_same_node(Some(&other)))
        })
        .and_then(|index| usize::try_from(index).ok())
}

/// Moves the focus to the `index`th element that carries `data-point`, within the element that
/// handles the event.
pub(crate) fn focus_point(event: &web_sys::KeyboardEvent, index: usize) {
    let point = event
        .current_target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .and_then(|within| within.query_selector_all("[data-point]").ok())
        .and_then(|points| points.item(u32::try_from(index).ok()?))
        .and_then(|point| point.dyn_into::<SvgElement>().ok());
    if let Some(point) = point {
        // Focus can only fail for an element that has left the document, which then has none.
        drop(point.focus());
    }
}

/// The part of the address from `#` on; empty where there is none.
pub(crate) fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// Goes to another place of the application: the back button leads back from it.
pub(crate) fn set_hash(hash: &str) {
    // Fails for no text that is a hash.
    drop(window().location().set_hash(hash));
}

/// Calls for as long as the page is open.
pub(crate) fn on_hash_change(changed: impl FnMut() + 'static) {
    let listener = Closure::<dyn FnMut()>::new(changed);
    window().set_onhashchange(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
}

pub(crate) fn scroll_to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Moves focus and view to the element with this id, and leaves the address as it is.
pub(crate) fn go_to(id: &str) {
    let element = document()
        .get_element_by_id(id)
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        element.scroll_into_view();
        // An element that can't take the focus is still in view.
        drop(element.focus());
    }
}
