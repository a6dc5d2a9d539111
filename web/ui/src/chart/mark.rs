//! A drawing as data, and how the page becomes like it: only what differs from the drawing before is
//! touched, so that a chart may change several times a second and the focus stays where it is.

use leptos::prelude::document;
use web_sys::Element;

const SVG: &str = "http://www.w3.org/2000/svg";

/// An element of SVG. Where a list of them changes its length it stands in a group of its own, so
/// that its neighbours keep their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    tag: &'static str,
    attributes: Vec<(&'static str, String)>,
    /// Of one without marks in it.
    text: String,
    marks: Vec<Self>,
}

impl Mark {
    pub(super) fn new(tag: &'static str) -> Self {
        Self {
            tag,
            attributes: Vec::new(),
            text: String::new(),
            marks: Vec::new(),
        }
    }

    pub(super) fn group(marks: impl Iterator<Item = Self>) -> Self {
        Self::new("g").holding(marks.collect())
    }

    pub(super) fn rect(class: &str, x: f64, y: f64, width: f64, height: f64) -> Self {
        Self::new("rect")
            .with("class", class)
            .at("x", x)
            .at("y", y)
            .at("width", width)
            .at("height", height)
    }

    /// `anchor` says which end of the text is at `x`.
    pub(super) fn text(class: &str, x: f64, y: f64, anchor: &str, text: String) -> Self {
        let mark = Self::new("text").with("class", class).at("x", x).at("y", y);
        mark.with("text-anchor", anchor).saying(text)
    }

    /// What stands over points that have names of their own: for eyes only, and no part of a button,
    /// whose name would have to say the same words.
    pub(super) fn captions(texts: Vec<Self>) -> Self {
        let captions = Self::new("g").with("class", "captions");
        captions.with("aria-hidden", "true").holding(texts)
    }

    /// Lines across a chart at these heights, each with its label on the left.
    pub(super) fn grid(ticks: &[(f64, String)], left: f64, right: f64) -> Self {
        Self::group(ticks.iter().flat_map(|(y, label)| {
            let line = Self::new("line").with("class", "grid");
            let line = line
                .at("x1", left)
                .at("x2", right)
                .at("y1", *y)
                .at("y2", *y);
            let label = Self::text("tick", left - 8.0, y + 4.0, "end", label.clone());
            [line, label]
        }))
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    pub(super) fn at(self, name: &'static str, value: f64) -> Self {
        self.with(name, value.to_string())
    }

    pub(super) fn saying(mut self, text: String) -> Self {
        self.text = text;
        self
    }

    pub(super) fn holding(mut self, marks: Vec<Self>) -> Self {
        self.marks = marks;
        self
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Makes the only element in `place` like `mark`; `before` is what it is like.
pub(super) fn show(place: &Element, before: Option<&Mark>, mark: &Mark) {
    match (before, place.first_element_child()) {
        (Some(before), Some(element)) => update(&element, before, mark),
        _ => append(place, mark),
    }
}

// The browser refuses invalid names only, and ours are constants.

fn update(element: &Element, before: &Mark, mark: &Mark) {
    if before == mark {
        return;
    }
    for (name, _) in &before.attributes {
        if mark.attribute(name).is_none() {
            drop(element.remove_attribute(name));
        }
    }
    for (name, value) in &mark.attributes {
        if before.attribute(name) != Some(value) {
            drop(element.set_attribute(name, value));
        }
    }
    if before.text != mark.text {
        element.set_text_content(Some(&mark.text));
    }
    let mut next = element.first_element_child();
    let mut known = before.marks.iter();
    for mark in &mark.marks {
        let Some((child, before)) = next.as_ref().zip(known.next()) else {
            append(element, mark);
            continue;
        };
        let after = child.next_element_sibling();
        update(child, before, mark);
        next = after;
    }
    while let Some(child) = next {
        next = child.next_element_sibling();
        child.remove();
    }
}

fn append(parent: &Element, mark: &Mark) {
    if let Ok(element) = document().create_element_ns(Some(SVG), mark.tag) {
        update(&element, &Mark::new(mark.tag), mark);
        drop(parent.append_child(&element));
    }
}
