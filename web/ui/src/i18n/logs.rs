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
    pub(crate) archive_away: &'static str,
    pub(crate) search: &'static str,
    pub(crate) pattern: &'static str,
    pub(crate) pattern_note: &'static str,
    pub(crate) range: &'static str,
    /// In the order of the ranges of the search.
    pub(crate) ranges: [&'static str; 4],
    pub(crate) any_level: &'static str,
    pub(crate) and_worse: &'static str,
    pub(crate) find: &'static str,
    pub(crate) searching: &'static str,
    pub(crate) nothing_found: &'static str,
    pub(crate) by_minute: &'static str,
    pub(crate) expired: &'static str,
    pub(crate) stopped: &'static str,
    pub(crate) file_of_line: &'static str,
    pub(crate) sealed: &'static str,
    pub(crate) unsealed: &'static str,
    pub(crate) around: &'static str,
    pub(crate) verification: &'static str,
    pub(crate) verification_note: &'static str,
    pub(crate) intact: &'static str,
    pub(crate) nothing_sealed: &'static str,
    pub(crate) verify_command: &'static str,
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
    archive_away: "The archive of logs can’t be read",
    search: "Search the archive",
    pattern: "Text or regular expression",
    pattern_note: "empty finds every line",
    range: "Written",
    ranges: [
        "in the last 15 minutes",
        "in the last hour",
        "in the last 24 hours",
        "in the last 7 days",
    ],
    any_level: "any level",
    and_worse: "and worse",
    find: "Search",
    searching: "Reading the archive…",
    nothing_found: "No line fits.",
    by_minute: "Lines that fit, by minute",
    expired: "Some lines of this time were deleted because of their age; the chain says which.",
    stopped: "The search ended early: narrow the time or the level. At least these fit.",
    file_of_line: "Where it lies",
    sealed: "sealed and signed",
    unsealed: "shipped, to be sealed",
    around: "Lines around it",
    verification: "Is the archive whole?",
    verification_note: "Names, lengths, the chain of manifests and its signatures are checked each minute while this page is open; contents are for the command.",
    intact: "nothing is missing or out of place",
    nothing_sealed: "nothing is sealed yet: there is nothing to prove",
    verify_command: "The whole proof:",
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
    archive_away: "L’archive des journaux n’est pas lisible",
    search: "Chercher dans l’archive",
    pattern: "Texte ou expression régulière",
    pattern_note: "vide : toutes les lignes",
    range: "Écrites",
    ranges: [
        "ces 15 dernières minutes",
        "cette dernière heure",
        "ces dernières 24 heures",
        "ces 7 derniers jours",
    ],
    any_level: "tous les niveaux",
    and_worse: "et plus grave",
    find: "Chercher",
    searching: "Lecture de l’archive…",
    nothing_found: "Aucune ligne ne correspond.",
    by_minute: "Lignes trouvées, par minute",
    expired: "Des lignes de cette période ont été supprimées à leur échéance ; la chaîne dit lesquelles.",
    stopped: "Recherche interrompue : précisez la période ou le niveau. Il y a au moins ces lignes.",
    file_of_line: "Où elle se trouve",
    sealed: "scellée et signée",
    unsealed: "archivée, pas encore scellée",
    around: "Lignes voisines",
    verification: "L’archive est-elle entière ?",
    verification_note: "Noms, longueurs, chaîne des manifestes et signatures sont vérifiés chaque minute tant que cette page est ouverte ; les contenus, par la commande.",
    intact: "rien ne manque, tout est à sa place",
    nothing_sealed: "rien n’est encore scellé : il n’y a rien à prouver",
    verify_command: "La preuve complète :",
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

/// How many lines fit, and what finding them cost.
pub(crate) fn found(
    language: Language,
    count: u64,
    number: &str,
    read: &str,
    ruled_out: &str,
) -> String {
    match language {
        Language::English => {
            let lines = if count == 1 { "line fits" } else { "lines fit" };
            format!("{number} {lines}; {read} were read, the index ruled out {ruled_out}")
        }
        Language::French => {
            let lines = if count < 2 {
                "ligne correspond"
            } else {
                "lignes correspondent"
            };
            format!("{number} {lines} ; {read} lus, {ruled_out} écartés par l’index")
        }
    }
}

/// Of a minute: `12 lines at 14:05`.
pub(crate) fn in_minute(language: Language, count: u64, number: &str, time: &str) -> String {
    match language {
        Language::English if count == 1 => format!("{number} line at {time}"),
        Language::English => format!("{number} lines at {time}"),
        Language::French if count < 2 => format!("{number} ligne à {time}"),
        Language::French => format!("{number} lignes à {time}"),
    }
}

/// Up to where a source is proved.
pub(crate) fn proved(language: Language, manifests: &str, lines: &str, sealed_at: &str) -> String {
    match language {
        Language::English => {
            format!("{lines} lines in {manifests} manifests, the last one sealed {sealed_at}")
        }
        Language::French => {
            format!("{lines} lignes en {manifests} manifestes, le dernier scellé à {sealed_at}")
        }
    }
}

pub(crate) fn findings(language: Language, count: u64) -> String {
    match (language, count) {
        (Language::English, 1) => "one thing is not as the chain says".to_owned(),
        (Language::English, _) => format!("{count} things are not as the chain says"),
        (Language::French, 1) => "un point ne correspond pas à la chaîne".to_owned(),
        (Language::French, _) => format!("{count} points ne correspondent pas à la chaîne"),
    }
}
