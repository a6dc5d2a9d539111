//! The Jobs page: imports and views, how their last runs ended, when the next one is due, and running
//! one at once.

mod run_now;

use crate::answer::{Face, View};
use crate::export::CsvLink;
use crate::i18n::{Language, jobs as words};
use crate::icons::{CHECK, CLOCK, WARNING, icon};
use crate::notices::{Down, Loading, Reconnecting, fault_explanation};
use crate::settings::use_language;
use crate::state::Fault;
use crate::{api, browser, dates, format, poll};
use comptoir_model::api::jobs::{JobInfo, JobRunInfo, JobRuns, Jobs, Outcome};
use jiff::{SignedDuration, Timestamp};
use leptos::prelude::*;
use leptos::task::spawn_local;
use run_now::{Asking, Impossible, RunNow};

const PATH: &str = "/api/v1/jobs";
const EVERY_MS: u32 = 5_000;

pub(crate) type JobsView = View<Jobs>;

#[component]
pub(crate) fn JobsPage(view: RwSignal<JobsView>) -> impl IntoView {
    let language = use_language();
    poll::while_shown(EVERY_MS, async move || {
        let answer = api::read(PATH).await;
        view.update(|view| view.take(answer, browser::now()));
    });
    let face = Memo::new(move |_| view.with(View::face));
    let heading = move || view! { <h1>{move || language.get().text().jobs.page}</h1> };
    move || match face.get() {
        Face::Loading => view! { {heading()} <Loading /> }.into_any(),
        Face::Down(fault) => view! { {heading()} <Down fault /> }.into_any(),
        Face::Shown => view! { {heading()} <Groups view /> }.into_any(),
    }
}

#[component]
fn Groups(view: RwSignal<JobsView>) -> impl IntoView {
    let language = use_language();
    let asking = Asking::new(view);
    let text = move || &language.get().text().jobs;
    let lost = Memo::new(move |_| view.with(View::lost));
    // A group keeps its rows, and what is open in them, while nothing in it changes.
    let group = move |of_views: bool| {
        Memo::new(move |_| {
            view.with(|view| {
                let jobs = view.answer().map_or(&[][..], |answer| &answer.jobs);
                let wanted = jobs.iter().filter(|job| is_view(job) == of_views);
                wanted.cloned().collect::<Vec<_>>()
            })
        })
    };
    let (imports, views) = (group(false), group(true));
    view! {
        {move || lost.get().map(|(fault, checked)| view! { <Reconnecting fault checked /> })}
        <Impossible asking />
        <div class:stale=move || lost.with(Option::is_some)>
            <Group
                id="imports"
                heading=Signal::derive(move || text().imports)
                empty=Signal::derive(move || text().no_imports)
                command="comptoir-batch run --all"
                jobs=imports
                unrun=Memo::new(move |_| asking.never_ran())
                asking
            />
            <Group
                id="views"
                heading=Signal::derive(move || text().views)
                empty=Signal::derive(move || text().no_views)
                command="comptoir-batch views run"
                jobs=views
                unrun=Memo::new(|_| Vec::new())
                asking
            />
        </div>
    }
}

fn is_view(job: &JobInfo) -> bool {
    job.name.starts_with("view.")
}

#[component]
fn Group(
    id: &'static str,
    heading: Signal<&'static str>,
    empty: Signal<&'static str>,
    command: &'static str,
    jobs: Memo<Vec<JobInfo>>,
    /// The names of those that have not run yet.
    unrun: Memo<Vec<String>>,
    asking: Asking,
) -> impl IntoView {
    let language = use_language();
    view! {
        <section class="panel jobs" id=id aria-label=move || heading.get()>
            <header class="panel-head"><h2>{move || heading.get()}</h2></header>
            <Show when=move || jobs.with(Vec::is_empty) && unrun.with(Vec::is_empty)>
                <p>{move || empty.get()}</p>
                <p>{move || language.get().text().command} " " <code>{command}</code></p>
            </Show>
            {move || jobs.with(|jobs| {
                jobs.iter().map(|job| job_view(job, asking, language.get())).collect_view()
            })}
            {move || unrun.with(|unrun| {
                unrun.iter().map(|job| unrun_view(job, asking, language.get())).collect_view()
            })}
        </section>
    }
}

fn unrun_view(job: &str, asking: Asking, language: Language) -> AnyView {
    view! {
        <article class="job" data-job=job.to_owned()>
            <h3>{job.to_owned()}</h3>
            <p class="note">{language.text().jobs.never_ran}</p>
            <RunNow job=job.to_owned() asking />
        </article>
    }
    .into_any()
}

fn job_view(job: &JobInfo, asking: Asking, language: Language) -> AnyView {
    let text = &language.text().jobs;
    let name = job
        .name
        .strip_prefix("view.")
        .unwrap_or(&job.name)
        .to_owned();
    let (sign, class) = looks(job.last.outcome);
    let said = words::outcome(language, job.last.outcome);
    let recent = job.recent.iter().rev().map(|run| {
        let (_, class) = looks(run.outcome);
        let title = words::outcome_at(language, run.outcome, &moment(run.started_at, language));
        let spoken = title.clone();
        view! { <li class=format!("run-mark {class}") title=title><span class="spoken">{spoken}</span></li> }
    });
    let error = job
        .last
        .error
        .clone()
        .map(|error| view! { <p class="problem">{error}</p> });
    let since_done = (job.last.outcome != Outcome::Done)
        .then(|| {
            let done = job.last_done.as_ref();
            let done = done.map(|done| moment(done.started_at, language));
            words::last_done(language, done.as_deref())
        })
        .map(|said| view! { <p class="note">{said}</p> });
    let expected = job.expected_at.map(|at| {
        let interval = SignedDuration::from_secs(seconds(job.usual_interval_s));
        let interval = format::duration(language, interval);
        words::expected(language, &interval, &moment(at, language), job.is_overdue)
    });
    view! {
        <article class="job" data-job=job.name.clone() data-outcome=outcome_key(job.last.outcome)>
            <h3>{name}</h3>
            <p class=format!("state {class}")>{icon(sign)} {said} " · " {run_line(&job.last, language)}</p>
            {error}
            {since_done}
            <ol class="run-marks" aria-label=text.recent>{recent.collect_view()}</ol>
            <p class="note" class:overdue=job.is_overdue>{expected}</p>
            <RunNow job=job.name.clone() asking />
            <History name=job.name.clone() />
        </article>
    }
    .into_any()
}

/// When it ran, for how long, and what it brought.
fn run_line(run: &JobRunInfo, language: Language) -> String {
    let mut line = moment(run.started_at, language);
    if let Some(ended_at) = run.ended_at {
        line.push_str(" · ");
        line.push_str(&format::duration(
            language,
            ended_at.duration_since(run.started_at),
        ));
    }
    if let (Some(rows), Some(bytes)) = (run.rows, run.bytes) {
        let rows = format::integer(language, rows);
        line.push_str(" · ");
        line.push_str(&words::brought(
            language,
            &rows,
            &format::size(language, bytes),
        ));
    }
    line
}

#[component]
fn History(name: String) -> impl IntoView {
    let language = use_language();
    let runs = RwSignal::new(None::<Result<JobRuns, Fault>>);
    let csv = format!("{PATH}/{name}");
    let what = name.clone();
    let toggled = move |_| {
        if runs.with_untracked(Option::is_none) {
            let path = format!("{PATH}/{name}?limit=30");
            spawn_local(async move {
                runs.try_set(Some(api::read::<JobRuns>(&path).await));
            });
        }
    };
    view! {
        <details class="made" on:toggle=toggled>
            <summary>{move || language.get().text().jobs.history}</summary>
            <CsvLink
                path=Signal::derive(move || csv.clone())
                what=Signal::derive(move || what.clone())
            />
            {move || runs.with(|runs| runs.as_ref().map(|runs| match runs {
                Ok(runs) => table(runs, language.get()),
                Err(fault) => fault_explanation(fault).into_any(),
            }))}
        </details>
    }
}

fn table(runs: &JobRuns, language: Language) -> AnyView {
    let text = &language.text().jobs;
    let rows = runs.runs.iter().map(|run| {
        let (sign, class) = looks(run.outcome);
        let number = |number: Option<u64>| number.map(|number| format::integer(language, number));
        view! {
            <tr data-run=run.id.to_string()>
                <td>{moment(run.started_at, language)}</td>
                <td><span class=format!("state {class}")>{icon(sign)} {words::outcome(language, run.outcome)}</span></td>
                <td class="number">{run.ended_at.map(|at| format::duration(language, at.duration_since(run.started_at)))}</td>
                <td class="number">{number(run.rows)}</td>
                <td class="number">{run.attempts.to_string()}</td>
                <td class="message">{run.error.clone()}</td>
            </tr>
        }
    });
    view! {
        <div class="table-scroll lines" tabindex="0" role="region" aria-label=text.history>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{text.started}</th>
                        <th scope="col">{text.ended_how}</th>
                        <th scope="col" class="number">{text.took}</th>
                        <th scope="col" class="number">{text.rows}</th>
                        <th scope="col" class="number">{text.tries}</th>
                        <th scope="col">{text.error}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn moment(at: Timestamp, language: Language) -> String {
    dates::moment(language, browser::local(at))
}

fn seconds(seconds: Option<u64>) -> i64 {
    i64::try_from(seconds.unwrap_or_default()).unwrap_or(i64::MAX)
}

fn looks(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Done => (CHECK, "up"),
        Outcome::Running => (CLOCK, "running"),
        Outcome::Skipped => (CLOCK, "degraded"),
        Outcome::Failed | Outcome::Crashed => (WARNING, "down"),
    }
}

/// As the API spells it.
fn outcome_key(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Running => "running",
        Outcome::Done => "done",
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
        Outcome::Crashed => "crashed",
    }
}
