//! What is the same around every chart: the line above it, its width, and the point that is looked at.

use super::cursor::Cursor;
use super::mark::{self, Mark};
use crate::browser;
use crate::i18n::Language;
use crate::settings::use_language;
use leptos::html::Div;
use leptos::prelude::*;

/// What a drawing is made for.
#[derive(Clone, Copy)]
pub(crate) struct Sheet {
    /// In pixels.
    pub(crate) width: f64,
    pub(crate) language: Language,
    /// The point that Tab reaches.
    pub(crate) stop: usize,
    /// Of each point.
    pub(crate) role: &'static str,
}

#[component]
pub(crate) fn Plot<T: Send + Sync + 'static>(
    points: Signal<Vec<T>>,
    /// What the line above the chart says of a point.
    describe: fn(&T, Language) -> String,
    /// What it says when no point is looked at.
    hint: fn(Language) -> &'static str,
    draw: impl Fn(&[T], Sheet) -> Mark + 'static,
    /// What comes of a click on a point, or of Enter there.
    choose: Option<Callback<usize>>,
) -> impl IntoView {
    let language = use_language();
    let place = NodeRef::<Div>::new();
    let width = browser::width_of(place);
    let cursor = Cursor::new();
    Effect::new(move |before: Option<Mark>| {
        let Some(place) = place.get() else {
            return Mark::new("svg");
        };
        let drawing = points.with(|points| {
            let sheet = Sheet {
                width: width.get(),
                language: language.get(),
                stop: cursor.stop(points.len()),
                role: if choose.is_some() { "button" } else { "img" },
            };
            draw(points, sheet)
        });
        mark::show(&place, before.as_ref(), &drawing);
        drawing
    });
    let readout = move || {
        let language = language.get();
        let describe = |index| points.with(|points| Some(describe(points.get(index)?, language)));
        let pointed = cursor.pointed().and_then(describe);
        pointed.unwrap_or_else(|| hint(language).to_owned())
    };
    let chosen = move |event: &web_sys::Event| {
        if let (Some(choose), Some(point)) = (choose, browser::point_of(event)) {
            choose.run(point);
        }
    };
    view! {
        <p class="readout" class:hint=move || cursor.pointed().is_none()>{readout}</p>
        <div
            class="plot"
            node_ref=place
            on:keydown=move |event| {
                if event.key() == "Enter" {
                    chosen(&event);
                }
                cursor.press(&event, points.with_untracked(Vec::len));
            }
            on:click=move |event| chosen(&event)
            on:pointerover=move |event| cursor.point(&event)
            on:pointerleave=move |_| cursor.leave()
            on:focusin=move |event| cursor.focus(&event)
            on:focusout=move |_| cursor.leave()
        ></div>
    }
}
