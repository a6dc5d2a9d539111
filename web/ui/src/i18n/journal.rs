//! The words of the Journal page.

use super::Language;
use crate::table::Words;
use Language::{English, French};
use comptoir_model::api::access::JournalOutcome;

pub(crate) struct JournalText {
    pub(crate) entries: Words,
    /// On the way there.
    pub(crate) link: &'static str,
}

pub(crate) fn text(language: Language) -> &'static JournalText {
    match language {
        English => &ENGLISH,
        French => &FRENCH,
    }
}

static ENGLISH: JournalText = JournalText {
    entries: Words {
        heading: "Who did what",
        caption: "Every login, and everything that was changed through the page or by its commands. \
                  Entries are added, never changed.",
        columns: &["When", "Who", "What", "Outcome", "Detail", "From"],
        nothing: "Nothing was done yet.",
    },
    link: "Journal: who did what",
};

static FRENCH: JournalText = JournalText {
    entries: Words {
        heading: "Qui a fait quoi",
        caption: "Chaque connexion, et tout ce qui a été modifié depuis la page ou ses commandes. On \
                  ajoute des entrées, on n’en change aucune.",
        columns: &["Quand", "Qui", "Quoi", "Résultat", "Détail", "Depuis"],
        nothing: "Rien n’a encore été fait.",
    },
    link: "Registre : qui a fait quoi",
};

/// One that this page does not know says its own name.
pub(crate) fn action(language: Language, action: &str) -> &str {
    let known = ACTIONS.iter().find(|(name, _, _)| *name == action);
    match (known, language) {
        (Some((_, english, _)), English) => english,
        (Some((_, _, french)), French) => french,
        (None, _) => action,
    }
}

const ACTIONS: [(&str, &str, &str); 8] = [
    ("login", "login", "connexion"),
    ("logout", "logout", "déconnexion"),
    ("user.add", "user added", "ajout d’un utilisateur"),
    (
        "user.passwd",
        "password changed",
        "changement de mot de passe",
    ),
    (
        "user.remove",
        "user removed",
        "suppression d’un utilisateur",
    ),
    ("token.add", "token added", "ajout d’un jeton"),
    ("token.remove", "token removed", "suppression d’un jeton"),
    ("job.run", "job asked for", "demande d’une tâche"),
];

pub(crate) fn outcome(language: Language, outcome: JournalOutcome) -> &'static str {
    match (outcome, language) {
        (JournalOutcome::Done, English) => "done",
        (JournalOutcome::Done, French) => "fait",
        (JournalOutcome::Refused, English) => "refused",
        (JournalOutcome::Refused, French) => "refusé",
        (JournalOutcome::Failed, English) => "failed",
        (JournalOutcome::Failed, French) => "échoué",
    }
}
