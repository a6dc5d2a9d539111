//! The words of the Logs page.

use super::Language;
use comptoir_model::api::logs::ShipState;

pub(crate) struct LogsText {
    pub(crate) sources: &'static str,
    pub(crate) lines: &'static str,
    pub(crate) lines_note: &'static str,
    pub(crate) bytes: &'static str,
    pub(crate) pieces: &'static str,
    pub(crate) lag: &'static str,
    pub(crate) lag_note: &'static str,
    pub(crate) gaps: &'static str,
    pub(crate) no_gaps: &'static str,
    pub(crate) file: &'static str,
    pub(crate) archive: &'static str,
    pub(crate) newest: &'static str,
    pub(crate) no_lines: &'static str,
    pub(crate) level: &'static str,
    pub(crate) time: &'static str,
    pub(crate) component: &'static str,
    pub(crate) message: &'static str,
    pub(crate) plain_line: &'static str,
    pub(crate) away: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) empty_fills: &'static str,
}

pub(super) const ENGLISH: LogsText = LogsText {
    sources: "Shipped logs",
    lines: "Lines shipped",
    lines_note: "durable in the lake",
    bytes: "Bytes shipped",
    pieces: "Pieces in the lake",
    lag: "Not durable yet",
    lag_note: "bytes of the log that the lake does not have yet",
    gaps: "Gaps",
    no_gaps: "no gap: every byte is in the lake or on its way",
    file: "File",
    archive: "Archive",
    newest: "Newest lines",
    no_lines: "No line yet.",
    level: "Level",
    time: "Time",
    component: "Component",
    message: "Message",
    plain_line: "not in the platform’s format",
    away: "The log shipper does not answer",
    empty: "No log is shipped yet",
    empty_fills: "The shipper follows the platform’s own log and archives it in the lake. This page \
                  fills by itself once it runs.",
};

pub(super) const FRENCH: LogsText = LogsText {
    sources: "Journaux archivés",
    lines: "Lignes archivées",
    lines_note: "durables dans le lac",
    bytes: "Volume archivé",
    pieces: "Morceaux dans le lac",
    lag: "Pas encore durable",
    lag_note: "octets du journal que le lac n’a pas encore",
    gaps: "Manques",
    no_gaps: "aucun manque : chaque octet est dans le lac ou en route",
    file: "Fichier",
    archive: "Archive",
    newest: "Dernières lignes",
    no_lines: "Aucune ligne pour l’instant.",
    level: "Niveau",
    time: "Heure",
    component: "Composant",
    message: "Message",
    plain_line: "hors du format de la plateforme",
    away: "L’archiveur des journaux ne répond pas",
    empty: "Aucun journal n’est encore archivé",
    empty_fills: "L’archiveur suit le journal de la plateforme et le copie dans le lac. Cette page se \
                  remplira d’elle-même dès qu’il tournera.",
};

pub(crate) fn state(language: Language, state: ShipState) -> &'static str {
    match (state, language) {
        (ShipState::Recovering, Language::English) => "recovering what an earlier shipper left",
        (ShipState::Recovering, Language::French) => "reprise après un autre archiveur",
        (ShipState::Shipping, Language::English) => "shipping",
        (ShipState::Shipping, Language::French) => "archivage en cours",
        (ShipState::WaitingForSource, Language::English) => "waiting for the file",
        (ShipState::WaitingForSource, Language::French) => "en attente du fichier",
        (ShipState::WaitingForLake, Language::English) => "waiting for the lake",
        (ShipState::WaitingForLake, Language::French) => "en attente du lac",
        (ShipState::Superseded, Language::English) => "replaced by another shipper",
        (ShipState::Superseded, Language::French) => "remplacé par un autre archiveur",
    }
}

pub(crate) fn pieces(language: Language, closed: &str, open: &str) -> String {
    match language {
        Language::English => format!("{closed} closed, {open} open"),
        Language::French => format!("{closed} fermés, {open} ouverts"),
    }
}

/// How many bytes can't be had any more.
pub(crate) fn gaps(language: Language, count: u64, size: &str) -> String {
    match (language, count) {
        (Language::English, 1) => format!("one gap, {size} are lost"),
        (Language::English, _) => format!("{count} gaps, {size} are lost"),
        (Language::French, 0 | 1) => format!("{count} manque, {size} perdus"),
        (Language::French, _) => format!("{count} manques, {size} perdus"),
    }
}

pub(crate) fn shipped_at(language: Language, time: &str) -> String {
    match language {
        Language::English => format!("last shipped {time}"),
        Language::French => format!("dernier archivage à {time}"),
    }
}
