//! Amounts minute by minute as columns, with what is missing, behind those of a week before as a line.

mod layout;

use super::cursor::tab_index;
use super::plot::{Plot, Sheet};
use super::{HATCH, HOLE};
use crate::i18n::Language;
use comptoir_model::money::Money;
use layout::{BOTTOM, Layout, TOP};
use leptos::prelude::*;

/// One minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Minute {
    /// Its first moment, as the API spells it.
    pub(crate) key: String,
    /// `10:42`, as clocks show it here.
    pub(crate) clock: String,
    /// Whether its label stands on the axis.
    pub(crate) is_marked: bool,
    pub(crate) net: Money,
    pub(crate) gross: Money,
    /// Net of the same minute of a week before.
    pub(crate) before: Option<Money>,
    pub(crate) sight: Sight,
    /// What the line above the chart and a screen reader say.
    pub(crate) description: String,
}

/// How much of a minute is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Whole,
    /// It is not over.
    Running,
    /// It is over, but not every partition has been read up to its end.
    Unseen,
    /// A hole was found in it.
    Hole,
}

impl Sight {
    fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Running => "running",
            Self::Unseen => "unseen",
            Self::Hole => "hole",
        }
    }

    fn word(self, language: Language) -> Option<&'static str> {
        let text = &language.text().live;
        match self {
            Self::Whole | Self::Running => None,
            Self::Unseen => Some(text.unseen),
            Self::Hole => Some(text.hole),
        }
    }
}

#[component]
pub(crate) fn MinuteColumns(#[prop(into)] minutes: Signal<Vec<Minute>>) -> impl IntoView {
    view! {
        <Plot
            points=minutes
            describe=|minute, _| minute.description.clone()
            hint=|language| language.text().live.minutes_hint
            draw=drawing
        />
    }
}

fn drawing(minutes: &[Minute], sheet: Sheet) -> AnyView {
    let Sheet { language, stop, .. } = sheet;
    let layout = Layout::of(minutes, sheet.width, language);
    let (width, height, left) = (layout.width, layout.height, layout.left);
    let before = layout.before.clone();
    let grid = layout.ticks.iter().map(|(y, label)| {
        view! {
            <line class="grid" x1=left x2=width y1=*y y2=*y />
            <text class="tick" x=left - 8.0 y=*y + 4.0 text-anchor="end">{label.clone()}</text>
        }
    });
    let columns = minutes.iter().zip(&layout.columns).enumerate().map(|(index, (minute, column))| {
        let (x, bar) = column.bar();
        let is_missing = minute.sight.word(language).is_some();
        view! {
            <g
                class="point"
                class:running=minute.sight == Sight::Running
                data-point=""
                data-group=minute.key.clone()
                data-value=minute.net.amount.to_string()
                data-hatched=(minute.gross.amount - minute.net.amount).to_string()
                data-before=minute.before.map(|before| before.amount.to_string())
                data-sight=minute.sight.name()
                role="img"
                aria-label=minute.description.clone()
                tabindex=tab_index(index, stop)
            >
                <rect class="band" x=column.x y=TOP width=column.width height=height - TOP - BOTTOM />
                <rect
                    class="missing"
                    fill=HOLE
                    x=column.x
                    y=TOP
                    width=if is_missing { column.width } else { 0.0 }
                    height=height - TOP - BOTTOM
                />
                <rect class="bar" x=x y=column.net.0 width=bar height=column.net.1 />
                <rect class="cancelled" fill=HATCH x=x y=column.refunds.0 width=bar height=column.refunds.1 />
                <text class="tick" x=column.middle() y=height - BOTTOM + 17.0 text-anchor="middle">
                    {(column.is_labelled).then(|| minute.clock.clone())}
                </text>
            </g>
        }
    });
    let names = layout
        .names(minutes, language)
        .into_iter()
        .map(|(x, name)| {
            view! {
                <text class="hole-name" x=x y=TOP + 12.0 text-anchor="end" aria-hidden="true">
                    {name}
                </text>
            }
        });
    view! {
        <svg
            class="columns"
            width=width
            height=height
            role="group"
            aria-label=language.text().live.per_minute
        >
            {grid.collect_view()}
            {columns.collect_view()}
            // The casing keeps the line apart from the columns behind it.
            <path class="casing" d=before.clone() />
            <path class="before" d=before />
            {names.collect_view()}
        </svg>
    }
    .into_any()
}
