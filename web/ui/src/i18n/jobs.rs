//! The words of the Jobs page.

use super::Language;
use comptoir_model::api::jobs::Outcome;

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
