//! Sentences with values in them.

use super::Language;

/// What the figures are of: `Orders from 6 Jan 2003 to 31 May 2005`.
pub(crate) fn period(language: Language, first: &str, last: &str) -> String {
    match language {
        Language::English => format!("Orders from {first} to {last}"),
        Language::French => format!("Commandes du {first} au {last}"),
    }
}

/// `as of 21 Nov 2026, 09:05:00`
pub(crate) fn as_of(language: Language, moment: &str) -> String {
    match language {
        Language::English => format!("as of {moment}"),
        Language::French => format!("au {moment}"),
    }
}

/// The import's age beside its moment.
pub(crate) fn imported(language: Language, age: &str) -> String {
    match language {
        Language::English => format!("Imported {age}"),
        Language::French => format!("Importé {age}"),
    }
}

pub(crate) fn checked(language: Language, time: &str) -> String {
    match language {
        Language::English => format!("last checked {time}"),
        Language::French => format!("vérifié à {time}"),
    }
}

pub(crate) fn best_month(language: Language, month: &str, sales: &str) -> String {
    match language {
        Language::English => format!("{month} sold the most: {sales}"),
        Language::French => {
            format!("Meilleur mois\u{a0}: {month}, avec {sales}")
        }
    }
}

pub(crate) fn leader(language: Language, group: &str, part: &str) -> String {
    match language {
        Language::English => format!("{group} leads with {part} of sales"),
        Language::French => format!("{group} en tête, avec {part} des ventes"),
    }
}

/// `12 part files, 528.0 kB`
pub(crate) fn parts(language: Language, count: usize, size: &str) -> String {
    match (language, count) {
        (Language::English, 1) => format!("One part file, {size}"),
        (Language::English, _) => format!("{count} part files, {size}"),
        (Language::French, 0 | 1) => format!("{count} fichier, {size}"),
        (Language::French, _) => format!("{count} fichiers, {size}"),
    }
}

/// Details of one chart point behind its sales: `of which €1.00 cancelled`.
pub(crate) fn of_which_cancelled(language: Language, amount: &str) -> String {
    match language {
        Language::English => format!("of which {amount} cancelled"),
        Language::French => format!("dont {amount} annulés"),
    }
}

pub(crate) fn orders(language: Language, count: u64, formatted: &str) -> String {
    match (language, count) {
        (Language::English, 1) => format!("{formatted} order"),
        (Language::English, _) => format!("{formatted} orders"),
        (Language::French, 0 | 1) => format!("{formatted} commande"),
        (Language::French, _) => format!("{formatted} commandes"),
    }
}

pub(crate) fn a_year_before(language: Language, amount: &str) -> String {
    match language {
        Language::English => format!("{amount} a year before"),
        Language::French => format!("{amount} un an plus tôt"),
    }
}

pub(crate) fn part_of_sales(language: Language, part: &str) -> String {
    match language {
        Language::English => format!("{part} of sales"),
        Language::French => format!("{part} des ventes"),
    }
}

/// Beside the cancelled sales.
pub(crate) fn cancelled_share(language: Language, part: &str) -> String {
    match language {
        Language::English => format!("{part} of sales, never revenue"),
        Language::French => format!("{part} des ventes, hors chiffre d’affaires"),
    }
}

/// The last values stay on the page while it can't be refreshed.
pub(crate) fn reconnecting(language: Language, since: &str) -> String {
    match language {
        Language::English => format!(
            "The figures below are the last ones received, at {since}. They refresh by themselves \
             once this is over."
        ),
        Language::French => format!(
            "Les chiffres ci-dessous sont les derniers reçus, à {since}. Ils se remettront à jour \
             d’eux-mêmes."
        ),
    }
}

pub(crate) fn status(language: Language, path: &str, status: u16) -> String {
    match language {
        Language::English => format!("{path} answered {status}"),
        Language::French => format!("{path} a répondu {status}"),
    }
}
