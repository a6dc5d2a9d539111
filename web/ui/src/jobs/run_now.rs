//! Running a job at once: the button, the question whether that is meant, and what came of it.

use super::JobsView;
use crate::answer::View;
use crate::i18n::{Language, jobs as words};
use crate::notices::{fault_explanation, with_code};
use crate::route::encoded;
use crate::session::{Session, use_session};
use crate::settings::use_language;
use crate::state::Fault;
use crate::{api, browser, dates};
use comptoir_model::api::access::Right;
use comptoir_model::api::jobs::{CommandInfo, CommandState, Jobs};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Why the buttons do nothing.
const IMPOSSIBLE: &str = "run-now-impossible";

/// What is asked for, of all jobs: it outlives the rows, which come anew with every answer.
#[derive(Clone, Copy)]
pub(super) struct Asking {
    view: RwSignal<JobsView>,
    session: Session,
    /// The job whose button was pressed.
    meant: RwSignal<Option<String>>,
    /// The one for which the server is being asked.
    sent: RwSignal<Option<String>>,
    /// The one for which it said no.
    refused: RwSignal<Option<(String, Fault)>>,
}

/// What a job's row offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Offer {
    #[default]
    Nothing,
    /// Nobody would run it.
    Disabled,
    Button,
    Question,
    /// It was asked for.
    Busy,
}

impl Offer {
    /// For programs.
    fn key(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Disabled => "disabled",
            Self::Button => "button",
            Self::Question => "question",
            Self::Busy => "busy",
        }
    }
}

impl Asking {
    pub(super) fn new(view: RwSignal<JobsView>) -> Self {
        Self {
            view,
            session: use_session(),
            meant: RwSignal::new(None),
            sent: RwSignal::new(None),
            refused: RwSignal::new(None),
        }
    }

    /// Jobs that could be run and never were. Views are many: they come with their first run.
    pub(super) fn never_ran(self) -> Vec<String> {
        if !self.session.may(Right::Operate) {
            return Vec::new();
        }
        self.with(|jobs| {
            let names = jobs.run_now.jobs.iter();
            let new = names.filter(|name| {
                !name.starts_with("view.") && jobs.jobs.iter().all(|job| job.name != **name)
            });
            new.cloned().collect()
        })
    }

    fn offer(self, job: &str) -> Offer {
        if !self.session.may(Right::Operate) {
            return Offer::Nothing;
        }
        let is = |of: RwSignal<Option<String>>| of.with(|of| of.as_deref() == Some(job));
        let is_busy = is(self.sent) || self.command(job).is_some_and(|command| is_open(&command));
        let is_meant = is(self.meant);
        self.with(|jobs| match &jobs.run_now {
            _ if is_busy => Offer::Busy,
            now if !now.jobs.iter().any(|known| known == job) => Offer::Nothing,
            now if !now.is_possible => Offer::Disabled,
            _ if is_meant => Offer::Question,
            _ => Offer::Button,
        })
    }

    fn command(self, job: &str) -> Option<CommandInfo> {
        self.with(|jobs| {
            let mut commands = jobs.run_now.commands.iter();
            commands.find(|command| command.job == job).cloned()
        })
    }

    fn with<T: Default>(self, read: impl FnOnce(&Jobs) -> T) -> T {
        self.view
            .with(|view| view.answer().map(read).unwrap_or_default())
    }

    fn send(self, job: String) {
        self.meant.set(None);
        self.refused.set(None);
        self.sent.set(Some(job.clone()));
        spawn_local(async move {
            let path = format!("/api/v1/jobs/{}/run", encoded(&job));
            match api::ask::<CommandInfo>(&path).await {
                Ok(command) => self.view.update(|view| {
                    if let View::Shown { answer, .. } = view {
                        let commands = &mut answer.run_now.commands;
                        commands.retain(|other| other.job != command.job);
                        commands.push(command);
                    }
                }),
                // The page may be gone meanwhile.
                Err(fault) => {
                    self.refused.try_set(Some((job, fault)));
                }
            }
            self.sent.try_set(None);
        });
    }
}

fn is_open(command: &CommandInfo) -> bool {
    matches!(command.state, CommandState::Waiting | CommandState::Running)
}

/// Says once why no button does anything.
#[component]
pub(super) fn Impossible(asking: Asking) -> impl IntoView {
    let language = use_language();
    let said = move || {
        if !asking.session.may(Right::Operate) {
            return None;
        }
        let language = language.get();
        let (is_possible, seen) =
            asking.with(|jobs| (jobs.run_now.is_possible, jobs.run_now.seen_at));
        let seen = seen.map(|at| dates::moment(language, browser::local(at)));
        (!is_possible).then(|| words::impossible(language, seen.as_deref()))
    };
    move || {
        said().map(|said| {
            view! { <p class="caption" id=IMPOSSIBLE>{with_code(&said)}</p> }.into_any()
        })
    }
}

#[component]
pub(super) fn RunNow(job: String, asking: Asking) -> impl IntoView {
    let language = use_language();
    let job = StoredValue::new(job);
    let offer = Memo::new(move |_| job.with_value(|job| asking.offer(job)));
    let command = Memo::new(move |_| job.with_value(|job| asking.command(job)));
    let fault = Memo::new(move |_| {
        asking.refused.with(|refused| {
            let (of, fault) = refused.as_ref()?;
            job.with_value(|job| job == of).then(|| fault.clone())
        })
    });
    let is_question = move || offer.get() == Offer::Question;
    let label = move || {
        let text = &language.get().text().jobs;
        match offer.get() {
            Offer::Nothing | Offer::Disabled | Offer::Button => text.run_now,
            Offer::Question => text.confirm,
            Offer::Busy => text.asked_for,
        }
    };
    let pressed = move |_| match offer.get_untracked() {
        Offer::Button => asking.meant.set(Some(job.get_value())),
        Offer::Question => asking.send(job.get_value()),
        Offer::Nothing | Offer::Disabled | Offer::Busy => {}
    };
    // One button for all of it: the focus stays on it.
    view! {
        <div class="run-now" data-run-now=move || offer.get().key()>
            <p role="status" hidden=move || !is_question()>
                {move || {
                    is_question().then(|| words::sure(language.get(), &job.get_value()))
                }}
            </p>
            <button
                type="button"
                class="toggle"
                hidden=move || offer.get() == Offer::Nothing
                disabled=move || matches!(offer.get(), Offer::Disabled | Offer::Busy)
                aria-busy=move || (offer.get() == Offer::Busy).then_some("true")
                aria-describedby=move || (offer.get() == Offer::Disabled).then_some(IMPOSSIBLE)
                on:click=pressed
            >
                {label}
                <span class="spoken">" " {job.get_value()}</span>
            </button>
            <button
                type="button"
                class="toggle"
                hidden=move || !is_question()
                on:click=move |_| asking.meant.set(None)
            >
                {move || language.get().text().jobs.cancel}
            </button>
            {move || fault.get().map(|fault| {
                view! { <div class="problem">{fault_explanation(&fault)}</div> }.into_any()
            })}
            {move || command.get().map(|command| became(&command, language.get()))}
        </div>
    }
}

fn became(command: &CommandInfo, language: Language) -> AnyView {
    let at = dates::moment(language, browser::local(command.asked_at));
    let line = words::command(language, &command.asked_by, &at, command.state);
    let is_well = matches!(
        command.state,
        CommandState::Waiting | CommandState::Running | CommandState::Done
    );
    let said = command.said.clone().filter(|_| !is_well);
    view! {
        <p class="note" role="status" data-command=command.id.to_string()>{line}</p>
        {said.map(|said| view! { <p class="problem" lang="en">{said}</p> })}
    }
    .into_any()
}
