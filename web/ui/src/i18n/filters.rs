//! The words of filters.

use super::Language;

pub(crate) struct FilterText {
    /// What the controls are for.
    pub(crate) filters: &'static str,
    /// Of the list of those that are set.
    pub(crate) set: &'static str,
    /// Before the filter that a link takes away.
    pub(crate) remove: &'static str,
    pub(crate) remove_all: &'static str,
    pub(crate) period: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// In the order of the presets.
    pub(crate) presets: [&'static str; 7],
    pub(crate) other_period: &'static str,
    pub(crate) no_line_fits: &'static str,
    pub(crate) no_line_fits_more: &'static str,
    /// What transactions are filtered by, in the order of the Live page.
    pub(crate) of_transactions: [&'static str; 8],
    pub(crate) no_transaction_fits: &'static str,
    pub(crate) only_those_that_fit: &'static str,
}

/// `Country: France`
pub(crate) fn labelled(language: Language, name: &str, value: &str) -> String {
    match language {
        Language::English => format!("{name}: {value}"),
        Language::French => format!("{name}\u{a0}: {value}"),
    }
}

pub(crate) fn text(language: Language) -> &'static FilterText {
    match language {
        Language::English => &ENGLISH,
        Language::French => &FRENCH,
    }
}

static ENGLISH: FilterText = FilterText {
    filters: "Filters",
    set: "Filters that are set",
    remove: "Remove the filter",
    remove_all: "Remove all",
    period: "Period",
    from: "From",
    to: "To",
    presets: [
        "All of it",
        "Last month of the data",
        "The month before",
        "Last quarter of the data",
        "The quarter before",
        "Last year of the data",
        "The year before",
    ],
    other_period: "Other days",
    no_line_fits: "No order line fits these filters",
    no_line_fits_more: "There is an import, but none of its lines fits all of them. Take one away.",
    of_transactions: [
        "Status", "Channel", "Category", "City", "Country", "Merchant", "Product", "Customer",
    ],
    no_transaction_fits: "None of the last transactions fits these filters.",
    only_those_that_fit: "The newest of those that fit. All other figures here are of everything.",
};

static FRENCH: FilterText = FilterText {
    filters: "Filtres",
    set: "Filtres actifs",
    remove: "Retirer le filtre",
    remove_all: "Tout retirer",
    period: "Période",
    from: "Du",
    to: "Au",
    presets: [
        "Toute la période",
        "Dernier mois connu",
        "Le mois d’avant",
        "Dernier trimestre connu",
        "Le trimestre d’avant",
        "Dernière année connue",
        "L’année d’avant",
    ],
    other_period: "D’autres jours",
    no_line_fits: "Aucune ligne ne correspond à ces filtres",
    no_line_fits_more: "Un import est bien là, mais aucune de ses lignes ne les remplit tous. Retirez-en un.",
    of_transactions: [
        "État", "Canal", "Rayon", "Ville", "Pays", "Marchand", "Produit", "Client",
    ],
    no_transaction_fits: "Aucune des dernières transactions ne correspond à ces filtres.",
    only_those_that_fit: "Les plus récentes qui correspondent. Les autres chiffres de la page portent sur tout.",
};
