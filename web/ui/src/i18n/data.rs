//! The words of the Data page.

use super::Language;
use crate::table::Words;

pub(crate) struct DataText {
    pub(crate) verdict: &'static str,
    /// What became of the records, each with what it means: accepted, rejected, repeated, all.
    pub(crate) became: [(&'static str, &'static str); 4],
    pub(crate) unchecked: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) empty_fills: &'static str,
    pub(crate) offsets: Words,
    pub(crate) records: Words,
    pub(crate) letters: Words,
    pub(crate) reasons: &'static str,
    pub(crate) all_reasons: &'static str,
    pub(crate) as_hex: &'static str,
    pub(crate) beginning: &'static str,
    pub(crate) replay: &'static str,
    pub(crate) rules: Words,
    pub(crate) views: Words,
    pub(crate) no_trouble: &'static str,
}

pub(crate) fn text(language: Language) -> &'static DataText {
    match language {
        Language::English => &ENGLISH,
        Language::French => &FRENCH,
    }
}

static ENGLISH: DataText = DataText {
    verdict: "Does it add up?",
    became: [
        ("Accepted", "counted, each once"),
        ("Rejected", "kept as dead letters"),
        ("Repeated", "the same event again, not counted"),
        ("Records", "the sum of these three"),
    ],
    unchecked: "Not looked at:",
    empty: "No record has come in yet",
    empty_fills: "This page shows how far each part of the flow has read, and whether its counts agree. \
                  It fills by itself as soon as events arrive, from real tills or from the simulator.",
    offsets: Words {
        heading: "How far each part has read",
        caption: "Every number is the next offset: all before it is in. Below “covered” the figures \
                  come from the archive, from there on from the live totals. Log and archive stand as \
                  they were when somebody last looked.",
        columns: &[
            "Stream",
            "Partition",
            "Log start",
            "Log end",
            "Views sink",
            "Archive",
            "Covered",
            "Sealed generations",
            "Holes",
        ],
        nothing: "",
    },
    records: Words {
        heading: "What became of each record",
        caption: "Accepted, rejected and repeated make up all records; each rejected one is a dead \
                  letter.",
        columns: &[
            "Stream",
            "Partition",
            "Accepted",
            "Rejected",
            "Dead letters",
            "Repeated",
            "Differences",
        ],
        nothing: "",
    },
    letters: Words {
        heading: "Dead letters",
        caption: "Records that are no valid event: kept, not counted. Newest first, 100 on a page; \
                  `comptoir-speed dead-letters export` writes all.",
        columns: &[
            "Reason",
            "What was wrong",
            "Found",
            "Partition",
            "Offset",
            "Size",
        ],
        nothing: "None: every record could be used.",
    },
    reasons: "Dead letters by reason",
    all_reasons: "all",
    as_hex: "No text: the bytes in hexadecimal digits.",
    beginning: "Only the beginning is shown.",
    replay: "Correct the record and send it again; it then counts like any other:",
    rules: Words {
        heading: "Quality rules",
        caption: "What each rule says of the newest day (UTC) that was computed; broken ones first. \
                  Rules change no live figure.",
        columns: &[
            "Rule",
            "Action",
            "Day",
            "Remark",
            "Events",
            "Expected",
            "Broken by",
        ],
        nothing: "No rule has a result. `views.quality_file` names the rules, `comptoir-batch views \
                  run` computes them.",
    },
    views: Words {
        heading: "Batch views",
        caption: "A result stays until a newer one is whole. A failed run leaves the last good one.",
        columns: &["View", "Age", "Trouble", "Run", "File", "Rows"],
        nothing: "No view has been computed. `comptoir-batch views run` computes them.",
    },
    no_trouble: "none",
};

static FRENCH: DataText = DataText {
    verdict: "Le compte est-il bon ?",
    became: [
        ("Acceptés", "comptés une fois chacun"),
        ("Rejetés", "gardés, mais non comptés"),
        ("Répétés", "même événement reçu à nouveau, non compté"),
        ("Enregistrements", "la somme des trois"),
    ],
    unchecked: "Non vérifié :",
    empty: "Aucun enregistrement n’est encore arrivé",
    empty_fills: "Cette page montre jusqu’où chaque étape a lu, et si les comptes concordent. Elle se \
                  remplira d’elle-même à l’arrivée des premiers événements, de vraies caisses ou du \
                  simulateur.",
    offsets: Words {
        heading: "Jusqu’où chaque étape a lu",
        caption: "Chaque nombre est le prochain offset : tout ce qui précède est pris en compte. Avant \
                  «\u{a0}couvert\u{a0}», les chiffres viennent de l’archive ; ensuite, des totaux en direct. Le log et \
                  l’archive sont ceux du dernier contrôle.",
        columns: &[
            "Flux",
            "Partition",
            "Début du log",
            "Fin du log",
            "Vues",
            "Archive",
            "Couvert",
            "Générations scellées",
            "Trous",
        ],
        nothing: "",
    },
    records: Words {
        heading: "Ce qu’est devenu chaque enregistrement",
        caption: "Acceptés, rejetés et répétés font le total ; chaque rejet est conservé avec ses octets.",
        columns: &[
            "Flux",
            "Partition",
            "Acceptés",
            "Rejetés",
            "Rejets conservés",
            "Répétés",
            "Écarts",
        ],
        nothing: "",
    },
    letters: Words {
        heading: "Rejets",
        caption: "Enregistrements inutilisables : gardés, jamais comptés. Du plus récent au plus \
                  ancien, par pages de 100 ; `comptoir-speed dead-letters export` les écrit tous.",
        columns: &[
            "Motif",
            "Ce qui ne va pas",
            "Trouvé",
            "Partition",
            "Offset",
            "Taille",
        ],
        nothing: "Aucun : chaque enregistrement a pu servir.",
    },
    reasons: "Rejets par motif",
    all_reasons: "tous",
    as_hex: "Ce n’est pas du texte : octets en hexadécimal.",
    beginning: "Seul le début est affiché.",
    replay: "Corrigez l’enregistrement et renvoyez-le ; il comptera comme les autres :",
    rules: Words {
        heading: "Règles de qualité",
        caption: "Le résultat de chaque règle pour le dernier jour calculé (UTC), les règles enfreintes \
                  d’abord. Elles ne changent aucun chiffre en direct.",
        columns: &[
            "Règle",
            "Action",
            "Jour",
            "Remarque",
            "Événements",
            "Attendus",
            "En défaut",
        ],
        nothing: "Aucune règle n’a de résultat. `views.quality_file` désigne les règles, \
                  `comptoir-batch views run` les calcule.",
    },
    views: Words {
        heading: "Vues calculées",
        caption: "Un résultat reste en place jusqu’à ce qu’un plus récent soit complet, même après un échec.",
        columns: &["Vue", "Âge", "Problème", "Calcul", "Fichier", "Lignes"],
        nothing: "Aucune vue n’a été calculée. `comptoir-batch views run` les calcule.",
    },
    no_trouble: "aucun",
};

/// What the verdict says.
pub(crate) struct Found {
    pub(crate) is_complete: bool,
    /// The time up to which every partition was seen, where it is known.
    pub(crate) up_to: Option<String>,
    pub(crate) records: String,
    pub(crate) differences: usize,
    /// Runs of offsets that are gone.
    pub(crate) lost: usize,
}

pub(crate) fn verdict(language: Language, found: &Found) -> String {
    let Found {
        records,
        differences,
        lost,
        ..
    } = found;
    let up_to = found.up_to.as_deref();
    match language {
        Language::English => {
            let up_to = up_to.map_or_else(String::new, |time| format!(" up to {time}"));
            let differences = match differences {
                0 => "no difference".to_owned(),
                1 => "1 difference".to_owned(),
                many => format!("{many} differences"),
            };
            let lost = match lost {
                0 => String::new(),
                1 => ", 1 hole".to_owned(),
                many => format!(", {many} holes"),
            };
            let begin = if found.is_complete {
                "Complete"
            } else {
                "Not complete"
            };
            format!("{begin}{up_to}: {records} records, {differences}{lost}")
        }
        Language::French => {
            let up_to = up_to.map_or_else(String::new, |time| format!(" jusqu’à {time}"));
            let differences = match differences {
                0 => "aucun écart".to_owned(),
                1 => "1 écart".to_owned(),
                many => format!("{many} écarts"),
            };
            let lost = match lost {
                0 => String::new(),
                1 => ", 1 trou".to_owned(),
                many => format!(", {many} trous"),
            };
            let begin = if found.is_complete {
                "Complet"
            } else {
                "Incomplet"
            };
            format!("{begin}{up_to}\u{a0}: {records} enregistrements, {differences}{lost}")
        }
    }
}

/// The last look at the log and the archive too.
pub(crate) fn full_look(language: Language, age: &str, is_complete: bool) -> String {
    match (language, is_complete) {
        (Language::English, true) => {
            format!("The log and the archive were looked at {age}, and agreed.")
        }
        (Language::English, false) => {
            format!("The log and the archive were looked at {age}, and did not agree.")
        }
        (Language::French, true) => format!("Log et archive vérifiés {age} : ils concordaient."),
        (Language::French, false) => {
            format!("Log et archive vérifiés {age} : ils ne concordaient pas.")
        }
    }
}

/// What kind of difference it is; one that this page does not know says its own name.
pub(crate) fn difference(language: Language, kind: &str) -> String {
    let known = DIFFERENCES.iter().find(|(name, _, _)| *name == kind);
    match (known, language) {
        (Some((_, english, _)), Language::English) => format!("{english}:"),
        (Some((_, _, french)), Language::French) => format!("{french}\u{a0}:"),
        (None, _) => kind.to_owned(),
    }
}

const DIFFERENCES: [(&str, &str, &str); 13] = [
    (
        "position",
        "Position of the views sink",
        "Position des vues",
    ),
    ("open_generation", "Open generation", "Génération ouverte"),
    (
        "out_of_line",
        "Generations do not follow on",
        "Générations non contiguës",
    ),
    ("buckets", "Live totals", "Totaux en direct"),
    ("dead_letters", "Dead letters", "Rejets"),
    ("run", "Current batch run", "Calcul courant"),
    ("coverage", "Coverage", "Couverture"),
    ("archive", "Archive", "Archive"),
    ("rows", "Totals of the batch run", "Totaux du calcul"),
    (
        "archive_file",
        "A file of the archive",
        "Fichier de l’archive",
    ),
    (
        "archive_position",
        "Position of the archive",
        "Position de l’archive",
    ),
    ("log_end", "End of the log", "Fin du log"),
    ("log_start", "Start of the log", "Début du log"),
];

/// What a rule does with what breaks it.
pub(crate) fn action(language: Language, action: &str) -> &str {
    match (action, language) {
        ("warn", Language::English) => "warns",
        ("warn", Language::French) => "avertit",
        ("quarantine", Language::English) => "sets aside",
        ("quarantine", Language::French) => "met de côté",
        _ => action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(language: Language, is_complete: bool, differences: usize, lost: usize) -> String {
        verdict(
            language,
            &Found {
                is_complete,
                up_to: Some("10:42:07".to_owned()),
                records: "5,210".to_owned(),
                differences,
                lost,
            },
        )
    }

    #[test]
    fn the_verdict_is_a_sentence() {
        assert_eq!(
            said(Language::English, true, 0, 0),
            "Complete up to 10:42:07: 5,210 records, no difference"
        );
        assert_eq!(
            said(Language::English, false, 1, 2),
            "Not complete up to 10:42:07: 5,210 records, 1 difference, 2 holes"
        );
        assert_eq!(
            said(Language::French, false, 2, 0),
            "Incomplet jusqu’à 10:42:07\u{a0}: 5,210 enregistrements, 2 écarts"
        );
    }

    #[test]
    fn a_kind_that_is_new_says_its_name() {
        assert_eq!(difference(Language::English, "log_end"), "End of the log:");
        assert_eq!(
            difference(Language::French, "something_new"),
            "something_new"
        );
    }

    #[test]
    fn both_languages_have_the_same_columns() {
        let counts = |text: &DataText| {
            [
                &text.offsets,
                &text.records,
                &text.letters,
                &text.rules,
                &text.views,
            ]
            .map(|words| words.columns.len())
        };
        assert_eq!(counts(&ENGLISH), [9, 7, 6, 7, 6]);
        assert_eq!(counts(&FRENCH), counts(&ENGLISH));
    }
}
