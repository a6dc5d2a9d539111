//! What the page says when it has no figures, or none that are up to date.

use crate::browser;
use crate::dates;
use crate::i18n::{Text, sentences};
use crate::icons::{BoxIcon, WarningIcon};
use crate::settings::use_language;
use crate::state::Fault;
use comptoir_model::api::{Problem, ProblemKind};
use jiff::Timestamp;
use leptos::prelude::*;

/// What fills an empty lake where the server does not say it better.
const IMPORT_COMMAND: &str = "comptoir-batch import --table sales";

/// The shape of the page to come; only before the first answer.
#[component]
pub(crate) fn Loading() -> impl IntoView {
    let language = use_language();
    view! {
        <p class="spoken" role="status">{move || language.get().text().loading}</p>
        <div class="tiles" aria-hidden="true">
            {(0..7).map(|_| view! { <div class="tile skeleton"></div> }).collect_view()}
        </div>
        <div class="panels" aria-hidden="true">
            <div class="panel skeleton"></div>
            <div class="panel skeleton"></div>
        </div>
    }
}

#[component]
pub(crate) fn Empty(problem: Problem) -> impl IntoView {
    let language = use_language();
    let text = move || language.get().text();
    let hint = problem.hint.unwrap_or_else(|| IMPORT_COMMAND.to_owned());
    let command = command_in(&hint).to_owned();
    view! {
        <section class="notice" data-state="empty" aria-labelledby="notice-heading">
            <BoxIcon />
            <h2 id="notice-heading">{move || text().nothing_imported}</h2>
            <p>{move || text().what_fills_it}</p>
            <p>{move || text().command} " " <code>{command}</code></p>
        </section>
    }
}

#[component]
pub(crate) fn Down(fault: Fault) -> impl IntoView {
    let language = use_language();
    view! {
        <section class="notice" data-state="down" role="alert" aria-labelledby="notice-heading">
            <WarningIcon />
            <h2 id="notice-heading">
                {
                    let fault = fault.clone();
                    move || title(&fault, language.get().text())
                }
            </h2>
            {move || fault_explanation(&fault)}
            <p class="quiet">{move || language.get().text().retries}</p>
        </section>
    }
}

/// Above figures that could not be refreshed; `checked` is when they last were.
#[component]
pub(crate) fn Reconnecting(fault: Fault, checked: Timestamp) -> impl IntoView {
    let language = use_language();
    let since = move || {
        let time = dates::time_of_day(browser::local(checked));
        sentences::reconnecting(language.get(), &time)
    };
    view! {
        <aside class="banner" data-state="reconnecting" role="status">
            <WarningIcon />
            <div>
                <p>
                    <strong>
                        {
                            let fault = fault.clone();
                            move || title(&fault, language.get().text())
                        }
                    </strong>
                </p>
                {move || fault_explanation(&fault)}
                <p>{since}</p>
            </div>
        </aside>
    }
}

/// Names the part that fails.
fn title(fault: &Fault, text: &'static Text) -> &'static str {
    match fault {
        Fault::Problem(problem) => match problem.kind {
            ProblemKind::NoImport => text.nothing_imported,
            ProblemKind::LakeUnavailable => text.lake_unavailable,
            ProblemKind::UnreadableImport => text.unreadable_import,
            ProblemKind::TimedOut => text.timed_out,
            ProblemKind::WarehouseUnavailable => text.live.warehouse_away,
            ProblemKind::LogsUnavailable => text.logs.away,
            ProblemKind::LogArchiveUnavailable => text.logs.archive_away,
            ProblemKind::NotFound
            | ProblemKind::MethodNotAllowed
            | ProblemKind::BodyRefused
            | ProblemKind::WrongHost
            | ProblemKind::InvalidParameter
            | ProblemKind::StaleCursor
            | ProblemKind::TooManyRows
            | ProblemKind::TooManyStreams
            | ProblemKind::NoExecutor
            | ProblemKind::JournalUnavailable
            | ProblemKind::LoginRequired
            | ProblemKind::NotAllowed
            | ProblemKind::ForeignOrigin => text.refused,
        },
        Fault::Unreachable => text.unreachable,
        Fault::Status { .. } | Fault::Unreadable { .. } => text.unreadable,
    }
}

/// What happened, in the failing part's own words, and what cures it.
pub(crate) fn fault_explanation(fault: &Fault) -> impl IntoView + use<> {
    let language = use_language().get();
    let text = language.text();
    let detail = match fault {
        Fault::Problem(problem) => Some(problem.detail.clone()),
        Fault::Status { path, status } => Some(sentences::status(language, path, *status)),
        Fault::Unreadable { path } => Some(path.clone()),
        Fault::Unreachable => None,
    };
    let cure = match fault {
        Fault::Problem(problem) => problem.hint.clone().unwrap_or_else(|| {
            match problem.kind {
                ProblemKind::NoImport => text.what_fills_it,
                ProblemKind::LakeUnavailable
                | ProblemKind::WarehouseUnavailable
                | ProblemKind::LogsUnavailable
                | ProblemKind::LogArchiveUnavailable
                | ProblemKind::TimedOut => text.lake_unavailable_cure,
                ProblemKind::UnreadableImport => text.unreadable_import_cure,
                ProblemKind::NotFound
                | ProblemKind::MethodNotAllowed
                | ProblemKind::BodyRefused
                | ProblemKind::WrongHost
                | ProblemKind::InvalidParameter
                | ProblemKind::StaleCursor
                | ProblemKind::TooManyRows
                | ProblemKind::TooManyStreams
                | ProblemKind::NoExecutor
                | ProblemKind::JournalUnavailable
                | ProblemKind::LoginRequired
                | ProblemKind::NotAllowed
                | ProblemKind::ForeignOrigin => text.unreadable_cure,
            }
            .to_owned()
        }),
        Fault::Unreachable => text.unreachable_cure.to_owned(),
        Fault::Status { .. } | Fault::Unreadable { .. } => text.unreadable_cure.to_owned(),
    };
    view! {
        {detail.map(|detail| view! { <p class="detail">{detail}</p> })}
        <p class="cure">{with_code(&cure)}</p>
    }
}

/// The first command that a text marks, or all of a text that is a command.
fn command_in(text: &str) -> &str {
    text.split('`').nth(1).unwrap_or(text)
}

/// Text whose parts between backticks are commands.
pub(crate) fn with_code(text: &str) -> impl IntoView + use<> {
    text.split('`')
        .enumerate()
        .map(|(index, part)| {
            let part = part.to_owned();
            if index % 2 == 1 {
                view! { <code>{part}</code> }.into_any()
            } else {
                part.into_any()
            }
        })
        .collect_view()
}

#[cfg(test)]
mod tests {
    use super::command_in;

    #[test]
    fn a_command_stands_between_backticks_or_alone() {
        assert_eq!(command_in("run `comptoir doctor` first"), "comptoir doctor");
        assert_eq!(command_in("comptoir doctor"), "comptoir doctor");
    }
}
