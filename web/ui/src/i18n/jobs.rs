//! The words of the Jobs page.

use super::Language;
use comptoir_model::api::jobs::{CommandState, Outcome};

pub(crate) struct JobsText {
    pub(crate) page: &'static str,
    pub(crate) imports: &'static str,
    pub(crate) no_imports: &'static str,
    pub(crate) views: &'static str,
    pub(crate) no_views: &'static str,
    pub(crate) recent: &'static str,
    pub(crate) history: &'static str,
    pub(crate) started: &'static str,
    pub(crate) ended_how: &'static str,
    pub(crate) took: &'static str,
    pub(crate) rows: &'static str,
    pub(crate) tries: &'static str,
    pub(crate) error: &'static str,
    pub(crate) never_ran: &'static str,
    pub(crate) run_now: &'static str,
    pub(crate) confirm: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) asked_for: &'static str,
}

pub(super) const ENGLISH: JobsText = JobsText {
    page: "Jobs",
    imports: "Imports and jobs",
    no_imports: "No job has run yet. Those of jobs.toml stand here once they have.",
    views: "Views",
    no_views: "No view was computed yet.",
    recent: "The newest runs, oldest first",
    history: "All runs",
    started: "Started",
    ended_how: "Outcome",
    took: "Took",
    rows: "Rows",
    tries: "Tries",
    error: "What went wrong",
    never_ran: "never ran",
    run_now: "Run now",
    confirm: "Yes, run it",
    cancel: "Cancel",
    asked_for: "Asked for…",
};

pub(super) const FRENCH: JobsText = JobsText {
    page: "Tâches",
    imports: "Imports et tâches",
    no_imports: "Aucune tâche n’a encore tourné. Celles de jobs.toml s’affichent ici dès leur premier passage.",
    views: "Vues",
    no_views: "Aucune vue n’a encore été calculée.",
    recent: "Derniers passages, du plus ancien au plus récent",
    history: "Tous les passages",
    started: "Début",
    ended_how: "Résultat",
    took: "Durée",
    rows: "Lignes",
    tries: "Essais",
    error: "Ce qui a échoué",
    never_ran: "jamais lancée",
    run_now: "Lancer",
    confirm: "Oui, lancer",
    cancel: "Annuler",
    asked_for: "Demandée…",
};

pub(crate) fn outcome(language: Language, outcome: Outcome) -> &'static str {
    match (outcome, language) {
        (Outcome::Running, Language::English) => "running",
        (Outcome::Running, Language::French) => "en cours",
        (Outcome::Done, Language::English) => "done",
        (Outcome::Done, Language::French) => "terminée",
        (Outcome::Failed, Language::English) => "failed",
        (Outcome::Failed, Language::French) => "échouée",
        (Outcome::Skipped, Language::English) => "skipped",
        (Outcome::Skipped, Language::French) => "sautée",
        (Outcome::Crashed, Language::English) => "ended without a word",
        (Outcome::Crashed, Language::French) => "arrêtée sans un mot",
    }
}

/// Of a mark: `done, 24 Feb 2003, 14:05`.
pub(crate) fn outcome_at(language: Language, of: Outcome, at: &str) -> String {
    format!("{}, {at}", outcome(language, of))
}

pub(crate) fn brought(language: Language, rows: &str, size: &str) -> String {
    match language {
        Language::English => format!("{rows} rows, {size}"),
        Language::French => format!("{rows} lignes, {size}"),
    }
}

/// Of a job whose last run was not done.
pub(crate) fn last_done(language: Language, at: Option<&str>) -> String {
    match (language, at) {
        (Language::English, Some(at)) => format!("last done {at}: its result is still served"),
        (Language::English, None) => "it was never done".to_owned(),
        (Language::French, Some(at)) => {
            format!("dernière réussite le {at} : son résultat reste servi")
        }
        (Language::French, None) => "elle n’a jamais réussi".to_owned(),
    }
}

pub(crate) fn expected(language: Language, interval: &str, at: &str, is_overdue: bool) -> String {
    match (language, is_overdue) {
        (Language::English, false) => format!("as a rule every {interval}; due {at}"),
        (Language::English, true) => {
            format!(
                "overdue: as a rule every {interval}, it was due {at}. Is cron or the timer on?"
            )
        }
        (Language::French, false) => format!("d’habitude toutes les {interval} ; attendue le {at}"),
        (Language::French, true) => {
            format!(
                "en retard : d’habitude toutes les {interval}, attendue le {at}. Cron ou la minuterie tournent-ils ?"
            )
        }
    }
}

/// Before a job is run: what it does to the schedule.
pub(crate) fn sure(language: Language, job: &str) -> String {
    match language {
        Language::English => format!("Run {job} now, besides its schedule?"),
        Language::French => format!("Lancer {job} maintenant, en plus de l’horaire prévu ?"),
    }
}

/// Why no job can be run from the page; commands stand between backticks.
pub(crate) fn impossible(language: Language, seen: Option<&str>) -> String {
    match (language, seen) {
        (Language::English, Some(seen)) => format!(
            "No job can be run from here: the last process that does so was heard of {seen}. \
             `comptoir-batch serve` is one."
        ),
        (Language::English, None) => {
            "No job can be run from here: `comptoir-batch serve` would do so, and never ran."
                .to_owned()
        }
        (Language::French, Some(seen)) => format!(
            "Aucune tâche ne peut être lancée d’ici : le dernier processus qui s’en charge s’est \
             manifesté le {seen}. C’est le rôle de `comptoir-batch serve`."
        ),
        (Language::French, None) => "Aucune tâche ne peut être lancée d’ici : c’est le rôle de \
                                     `comptoir-batch serve`, qui n’a jamais tourné."
            .to_owned(),
    }
}

/// What became of a wish: who had it, when, and how it stands.
pub(crate) fn command(language: Language, who: &str, at: &str, state: CommandState) -> String {
    let who = match (who.split_once(':'), language) {
        (Some(("user", name)), _) => name.to_owned(),
        (Some(("token", name)), Language::English) => format!("the token {name}"),
        (Some(("token", name)), Language::French) => format!("le jeton {name}"),
        (_, Language::English) => "somebody".to_owned(),
        (_, Language::French) => "quelqu’un".to_owned(),
    };
    let state = match (state, language) {
        (CommandState::Waiting, Language::English) => "waits for a process to take it",
        (CommandState::Waiting, Language::French) => "attend qu’un processus la prenne",
        (CommandState::Running, Language::English) => "runs",
        (CommandState::Running, Language::French) => "en cours",
        (CommandState::Done, Language::English) => "done",
        (CommandState::Done, Language::French) => "terminée",
        (CommandState::Failed, Language::English) => "failed",
        (CommandState::Failed, Language::French) => "échouée",
        (CommandState::Refused, Language::English) => "not begun",
        (CommandState::Refused, Language::French) => "non commencée",
    };
    match language {
        Language::English => format!("asked for by {who}, {at}: {state}"),
        Language::French => format!("demandée par {who}, le {at}\u{a0}: {state}"),
    }
}
