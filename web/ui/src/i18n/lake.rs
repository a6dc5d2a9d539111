//! The words of the Lake page.

use super::Language;
use crate::table::Words;
use Language::{English, French};
use comptoir_model::api::lake::{NotRead, RootKind};

pub(crate) struct LakeText {
    pub(crate) about: &'static str,
    pub(crate) all: &'static str,
    pub(crate) way: &'static str,
    pub(crate) nothing: &'static str,
    pub(crate) newest: &'static str,
    pub(crate) entries: Words,
    pub(crate) next: &'static str,
    pub(crate) first: &'static str,
    pub(crate) unreadable: &'static str,
    pub(crate) verify: &'static str,
    pub(crate) differs: &'static str,
    pub(crate) size: &'static str,
    pub(crate) changed: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) log: &'static str,
    pub(crate) bytes: &'static str,
    pub(crate) lines: &'static str,
    pub(crate) times: &'static str,
    pub(crate) sealed: &'static str,
    pub(crate) manifest: &'static str,
    pub(crate) nameless: &'static str,
    pub(crate) audit: &'static str,
    pub(crate) content: &'static str,
    pub(crate) beginning: &'static str,
}

pub(crate) fn text(language: Language) -> &'static LakeText {
    match language {
        English => &ENGLISH,
        French => &FRENCH,
    }
}

static ENGLISH: LakeText = LakeText {
    about: "What lies in the directories that the settings name.",
    all: "Lake",
    way: "Where you are",
    nothing: "Nothing yet. This fills it:",
    newest: "newest change",
    entries: Words {
        heading: "Files",
        caption: "Rows are those that the manifest says, and the lines of a piece of a log. A size that \
                  is not as the manifest says stands out.",
        columns: &["Name", "Changed", "Owner", "Size", "Rows"],
        nothing: "The directory is empty.",
    },
    next: "Next page",
    first: "Back to the first",
    unreadable: "The manifest cannot be read.",
    verify: "Sizes are compared here; `comptoir-batch verify` reads every byte.",
    differs: "another size than the manifest says",
    size: "Size",
    changed: "Changed",
    owner: "Owner",
    log: "Log",
    bytes: "Bytes of the log",
    lines: "Lines",
    times: "Times",
    sealed: "Sealed",
    manifest: "Manifest",
    nameless: "No manifest names this segment: it counts for nothing, and goes by itself.",
    audit: "The size is compared here; `comptoir-logship audit verify` checks content and signature.",
    content: "Content",
    beginning: "Only the beginning is shown; `comptoir lake cat` writes all of it.",
};

static FRENCH: LakeText = LakeText {
    about: "Le contenu des répertoires que nomme la configuration.",
    all: "Lac",
    way: "Où vous êtes",
    nothing: "Encore vide. Pour le remplir :",
    newest: "dernier changement",
    entries: Words {
        heading: "Fichiers",
        caption: "Les lignes sont celles qu’annonce le manifeste, ou celles d’un morceau de journal. Une \
                  taille différente de celle du manifeste est signalée.",
        columns: &["Nom", "Modifié", "Propriétaire", "Taille", "Lignes"],
        nothing: "Le répertoire est vide.",
    },
    next: "Page suivante",
    first: "Revenir au début",
    unreadable: "Le manifeste est illisible.",
    verify: "Ici, seules les tailles sont comparées ; `comptoir-batch verify` relit chaque octet.",
    differs: "taille différente de celle du manifeste",
    size: "Taille",
    changed: "Modifié",
    owner: "Propriétaire",
    log: "Journal",
    bytes: "Octets du journal",
    lines: "Lignes",
    times: "Heures",
    sealed: "Scellé",
    manifest: "Manifeste",
    nameless: "Aucun manifeste ne nomme ce segment : il ne compte pas et disparaîtra de lui-même.",
    audit: "Ici, seule la taille est comparée ; `comptoir-logship audit verify` contrôle le contenu et \
            la signature.",
    content: "Contenu",
    beginning: "Seul le début est affiché ; `comptoir lake cat` écrit tout.",
};

pub(crate) fn root(language: Language, kind: RootKind) -> &'static str {
    match (kind, language) {
        (RootKind::Imports, English) => "Imports of the ERP",
        (RootKind::Imports, French) => "Imports de l’ERP",
        (RootKind::Logs, English) => "Archived logs",
        (RootKind::Logs, French) => "Journaux archivés",
        (RootKind::Bronze, English) => "Bronze: live events as they came",
        (RootKind::Bronze, French) => "Bronze : événements tels que reçus",
        (RootKind::Silver, English) => "Silver: live events, cleaned",
        (RootKind::Silver, French) => "Argent : événements nettoyés",
        (RootKind::Gold, English) => "Gold: results of views",
        (RootKind::Gold, French) => "Or : résultats des vues",
    }
}

pub(crate) fn not_read(language: Language, why: NotRead) -> &'static str {
    match (why, language) {
        (NotRead::MayBeOpen, English) => {
            "Somebody may still be writing this file, so it is left alone."
        }
        (NotRead::MayBeOpen, French) => {
            "Ce fichier est peut-être en cours d’écriture : on n’y touche pas."
        }
        (NotRead::Binary, English) => "This is neither text nor Parquet.",
        (NotRead::Binary, French) => "Ce n’est ni du texte ni du Parquet.",
        (NotRead::TooLarge, English) => "This Parquet file is too large to be shown here.",
        (NotRead::TooLarge, French) => "Ce fichier Parquet est trop gros pour être affiché ici.",
    }
}

/// `3 entries, 12.3 kB of files`
pub(crate) fn total(language: Language, count: u64, shown: &str, size: &str) -> String {
    match (language, count) {
        (English, 1) => format!("{shown} entry, {size} of files"),
        (English, _) => format!("{shown} entries, {size} of files"),
        (French, 0 | 1) => format!("{shown} élément, {size} de fichiers"),
        (French, _) => format!("{shown} éléments, {size} de fichiers"),
    }
}

/// How many rows of a file are shown.
pub(crate) fn first_rows(language: Language, shown: &str, all: &str) -> String {
    match language {
        English => format!("The first {shown} of {all} rows."),
        French => format!("Les {shown} premières lignes sur {all}."),
    }
}

/// How many entries a root has.
pub(crate) fn entries(language: Language, count: u64, shown: &str) -> String {
    match (language, count) {
        (English, 1) => format!("{shown} entry"),
        (English, _) => format!("{shown} entries"),
        (French, 0 | 1) => format!("{shown} élément"),
        (French, _) => format!("{shown} éléments"),
    }
}

/// `1,000 rows of sales in 4 parts, as the manifest says`
pub(crate) fn import(language: Language, rows: &str, table: &str, parts: &str) -> String {
    match language {
        English => {
            format!("{rows} rows of {table} in {parts} parts, each as long as its manifest says")
        }
        French => format!(
            "{rows} lignes de {table} en {parts} fichiers, chacun de la taille qu’annonce le manifeste"
        ),
    }
}

pub(crate) fn not_as_said(language: Language, count: usize) -> String {
    match (language, count) {
        (English, 1) => "One file is not as the manifest says: import the table again".to_owned(),
        (English, _) => {
            format!("{count} files are not as the manifest says: import the table again")
        }
        (French, 1) => "Un fichier ne correspond pas au manifeste : relancez l’import".to_owned(),
        (French, _) => {
            format!("{count} fichiers ne correspondent pas au manifeste : relancez l’import")
        }
    }
}
