//! The words of the Live page.

use super::Language;
use comptoir_model::api::live::{GapKind, LagUnit, TopKind, WindowName};
use comptoir_model::event::Status;

/// Every text without arguments; the others are functions beside it.
pub(crate) struct LiveText {
    pub(crate) figures: &'static str,
    pub(crate) window_choice: &'static str,
    pub(crate) currency_choice: &'static str,
    pub(crate) net_revenue: &'static str,
    pub(crate) net_revenue_formula: &'static str,
    pub(crate) orders: &'static str,
    pub(crate) orders_formula: &'static str,
    pub(crate) average_basket: &'static str,
    pub(crate) average_basket_formula: &'static str,
    pub(crate) several_currencies: &'static str,
    pub(crate) approval_rate: &'static str,
    pub(crate) approval_rate_formula: &'static str,
    pub(crate) units: &'static str,
    pub(crate) units_formula: &'static str,
    pub(crate) customers: &'static str,
    pub(crate) customers_formula: &'static str,
    pub(crate) gross: &'static str,
    pub(crate) refunds: &'static str,
    pub(crate) net: &'static str,
    pub(crate) net_last_week: &'static str,
    pub(crate) transactions: &'static str,
    pub(crate) approved: &'static str,
    pub(crate) declined: &'static str,
    pub(crate) pending: &'static str,
    pub(crate) error: &'static str,
    pub(crate) at_least: &'static str,
    pub(crate) per_minute: &'static str,
    pub(crate) last_hour: &'static str,
    pub(crate) minute: &'static str,
    pub(crate) minutes_caption: &'static str,
    pub(crate) minutes_hint: &'static str,
    pub(crate) running: &'static str,
    pub(crate) unseen: &'static str,
    pub(crate) hole: &'static str,
    pub(crate) by_category: &'static str,
    pub(crate) category: &'static str,
    pub(crate) by_city: &'static str,
    pub(crate) city: &'static str,
    pub(crate) groups_caption: &'static str,
    pub(crate) tops: &'static str,
    pub(crate) tops_choice: &'static str,
    pub(crate) tops_caption: &'static str,
    pub(crate) no_sales_yet: &'static str,
    pub(crate) no_transactions_yet: &'static str,
    pub(crate) pause: &'static str,
    pub(crate) resume: &'static str,
    pub(crate) paused: &'static str,
    pub(crate) made_of: &'static str,
    pub(crate) close: &'static str,
    pub(crate) window: &'static str,
    pub(crate) as_of: &'static str,
    pub(crate) sources: &'static str,
    pub(crate) sources_note: &'static str,
    pub(crate) stream: &'static str,
    pub(crate) partition: &'static str,
    pub(crate) generation: &'static str,
    pub(crate) covered: &'static str,
    pub(crate) next: &'static str,
    pub(crate) log_end: &'static str,
    pub(crate) lag: &'static str,
    pub(crate) fresh_through: &'static str,
    pub(crate) ended: &'static str,
    pub(crate) left_out: &'static str,
    pub(crate) nothing_left_out: &'static str,
    pub(crate) duplicates_note: &'static str,
    pub(crate) loading: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) empty_fills: &'static str,
    pub(crate) reconnecting: &'static str,
    pub(crate) reconnecting_cure: &'static str,
    pub(crate) warehouse_away: &'static str,
    pub(crate) warehouse_away_cure: &'static str,
    pub(crate) stopped: &'static str,
    pub(crate) stopped_cure: &'static str,
    pub(crate) catching_up: &'static str,
    pub(crate) show_them: &'static str,
    pub(crate) found_at: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) detail: &'static str,
    pub(crate) offset: &'static str,
    pub(crate) dead_letters_cure: &'static str,
    pub(crate) not_read: &'static str,
}

pub(super) const ENGLISH: LiveText = LiveText {
    figures: "Live figures",
    window_choice: "Figures of",
    currency_choice: "Currency",
    net_revenue: "Net revenue",
    net_revenue_formula: "gross − refunds: amounts of APPROVED events minus those of REFUNDED ones. \
                          Declined and pending payments are no revenue.",
    orders: "Orders",
    orders_formula: "different order_id with an APPROVED event, estimated by a sketch",
    average_basket: "Average basket",
    average_basket_formula: "gross revenue ÷ orders, to the cent; as uncertain as the orders",
    several_currencies: "several currencies: no one average",
    approval_rate: "Approval rate",
    approval_rate_formula: "approved ÷ (approved + declined), in percent",
    units: "Units sold",
    units_formula: "sum of quantity over APPROVED events",
    customers: "Active customers",
    customers_formula: "different customer_id with an APPROVED event, estimated by a sketch",
    gross: "gross",
    refunds: "refunds",
    net: "Net",
    net_last_week: "Net a week before",
    transactions: "transactions",
    approved: "approved",
    declined: "declined",
    pending: "pending",
    error: "standard error of the estimate",
    at_least: "at least",
    per_minute: "Net revenue, minute by minute",
    last_hour: "the last hour",
    minute: "Minute",
    minutes_caption: "The last 60 minutes by the time of the sale. The hatched end of a bar was paid \
                      back; the lighter minute is still running; grey hatching marks what is missing.",
    minutes_hint: "Point at a minute, or reach the chart with Tab and use the arrow keys.",
    running: "still running",
    unseen: "not all seen yet",
    hole: "records lost",
    by_category: "By category",
    category: "Category",
    by_city: "By city",
    city: "City",
    groups_caption: "Net revenue, highest first, and its part of all. The hatched end was paid back.",
    tops: "Top 10 today",
    tops_choice: "Rank",
    tops_caption: "Since midnight, by net revenue. The hatched end was paid back.",
    no_sales_yet: "Nothing was sold in this time.",
    no_transactions_yet: "No transaction yet.",
    pause: "Pause",
    resume: "Go on",
    paused: "Paused",
    made_of: "How is this made?",
    close: "Close",
    window: "Window",
    as_of: "As of",
    sources: "What it includes",
    sources_note: "Everything before “next” is in, once. Below “covered” it comes from the archive, \
                   from there on from the live totals of the open generation.",
    stream: "Stream",
    partition: "Partition",
    generation: "Generation",
    covered: "Covered",
    next: "Next",
    log_end: "Log end",
    lag: "Lag",
    fresh_through: "Seen up to",
    ended: "ended",
    left_out: "Left out",
    nothing_left_out: "Nothing, except repeated deliveries of the same event.",
    duplicates_note: "Repeated deliveries of the same event are counted once.",
    loading: "Loading the live figures",
    empty: "No live transaction has come in yet",
    empty_fills: "This page shows what the tills do this minute. It fills by itself as soon as \
                  events arrive on the topic, from real tills or from the simulator.",
    reconnecting: "Reconnecting to the server",
    reconnecting_cure: "The figures below are the last ones received. They go on by themselves.",
    warehouse_away: "The warehouse does not answer",
    warehouse_away_cure: "The figures below are the last ones read. `comptoir doctor` says what is \
                          wrong with it.",
    stopped: "the views sink is down, or cannot go on",
    stopped_cure: "Events wait in the transport and nothing is lost. Start it with \
                   `comptoir-speed views`; the Health page says what else is down.",
    catching_up: "Catching up",
    show_them: "Show the newest",
    found_at: "Found",
    reason: "Reason",
    detail: "What was wrong",
    offset: "Offset",
    dead_letters_cure: "They are kept, not counted. `comptoir-speed dead-letters ls` lists them, \
                        `replay` sends a corrected one.",
    not_read: "The list cannot be read now.",
};

pub(super) const FRENCH: LiveText = LiveText {
    figures: "Chiffres en direct",
    window_choice: "Période",
    currency_choice: "Devise",
    net_revenue: "Chiffre d’affaires net",
    net_revenue_formula: "brut − remboursements : montants des événements APPROVED moins ceux des \
                          REFUNDED. Un paiement refusé ou en attente n’est pas du chiffre d’affaires.",
    orders: "Commandes",
    orders_formula: "nombre d’order_id différents ayant un événement APPROVED, estimé par une esquisse",
    average_basket: "Panier moyen",
    average_basket_formula: "chiffre d’affaires brut ÷ commandes, au centime ; aussi incertain que \
                             les commandes",
    several_currencies: "plusieurs devises : pas de moyenne commune",
    approval_rate: "Paiements acceptés",
    approval_rate_formula: "acceptés ÷ (acceptés + refusés), en pourcentage",
    units: "Articles vendus",
    units_formula: "somme des quantités des événements APPROVED",
    customers: "Clients actifs",
    customers_formula: "nombre de customer_id différents ayant un événement APPROVED, estimé par \
                        une esquisse",
    gross: "brut",
    refunds: "remboursé",
    net: "Net",
    net_last_week: "Net, une semaine plus tôt",
    transactions: "transactions",
    approved: "acceptés",
    declined: "refusés",
    pending: "en attente",
    error: "erreur type de l’estimation",
    at_least: "au moins",
    per_minute: "Chiffre d’affaires net, minute par minute",
    last_hour: "la dernière heure",
    minute: "Minute",
    minutes_caption: "Les 60 dernières minutes, à l’heure de la vente. Le bout hachuré a été \
                      remboursé ; la minute plus claire est en cours ; le gris hachuré signale ce \
                      qui manque.",
    minutes_hint: "Survolez une minute, ou atteignez le graphique avec Tab puis les flèches.",
    running: "en cours",
    unseen: "pas encore tout vu",
    hole: "enregistrements perdus",
    by_category: "Par catégorie",
    category: "Catégorie",
    by_city: "Par ville",
    city: "Ville",
    groups_caption: "Chiffre d’affaires net, du plus fort au plus faible, et sa part du total. Le bout \
                     hachuré a été remboursé.",
    tops: "Les 10 premiers du jour",
    tops_choice: "Classer",
    tops_caption: "Depuis minuit, par chiffre d’affaires net. Le bout hachuré a été remboursé.",
    no_sales_yet: "Aucune vente sur cette période.",
    no_transactions_yet: "Aucune transaction pour l’instant.",
    pause: "Pause",
    resume: "Reprendre",
    paused: "En pause",
    made_of: "D’où vient ce chiffre ?",
    close: "Fermer",
    window: "Période",
    as_of: "État au",
    sources: "Ce qui est compté",
    sources_note: "Tout ce qui précède « suivant » est compté, une seule fois. Sous « couvert », \
                   c’est l’archive qui compte ; au-delà, les totaux de la génération ouverte.",
    stream: "Flux",
    partition: "Partition",
    generation: "Génération",
    covered: "Couvert",
    next: "Suivant",
    log_end: "Fin du journal",
    lag: "Retard",
    fresh_through: "Vu jusqu’à",
    ended: "terminé",
    left_out: "Laissé de côté",
    nothing_left_out: "Rien, sauf les livraisons répétées d’un même événement.",
    duplicates_note: "Un événement livré plusieurs fois n’est compté qu’une fois.",
    loading: "Chargement des chiffres en direct",
    empty: "Aucune transaction n’est encore arrivée",
    empty_fills: "Cette page montre ce que font les caisses à la minute. Elle se remplira d’elle-même \
                  dès que des événements arriveront sur le topic, des vraies caisses ou du simulateur.",
    reconnecting: "Reconnexion au serveur",
    reconnecting_cure: "Les chiffres ci-dessous sont les derniers reçus. Ils reprendront d’eux-mêmes.",
    warehouse_away: "L’entrepôt de données ne répond pas",
    warehouse_away_cure: "Les chiffres ci-dessous sont les derniers lus. `comptoir doctor` dit ce qui \
                          ne va pas.",
    stopped: "le consommateur des vues est arrêté ou bloqué",
    stopped_cure: "Les événements attendent dans le transport, rien n’est perdu. Relancez-le avec \
                   `comptoir-speed views` ; la page Santé dit ce qui manque d’autre.",
    catching_up: "Rattrapage en cours",
    show_them: "Voir les plus récents",
    found_at: "Trouvé",
    reason: "Raison",
    detail: "Ce qui n’allait pas",
    offset: "Offset",
    dead_letters_cure: "Ils sont conservés, pas comptés. `comptoir-speed dead-letters ls` les liste, \
                        `replay` renvoie une version corrigée.",
    not_read: "La liste est illisible pour l’instant.",
};

pub(crate) fn window(language: Language, window: WindowName) -> &'static str {
    match (window, language) {
        (WindowName::Minutes5, _) => "5\u{a0}min",
        (WindowName::Minutes60, _) => "60\u{a0}min",
        (WindowName::Today, Language::English) => "Today",
        (WindowName::Today, Language::French) => "Aujourd’hui",
    }
}

pub(crate) fn top(language: Language, kind: TopKind) -> &'static str {
    match (kind, language) {
        (TopKind::Product, Language::English) => "Products",
        (TopKind::Product, Language::French) => "Produits",
        (TopKind::Merchant, Language::English) => "Merchants",
        (TopKind::Merchant, Language::French) => "Marchands",
        (TopKind::Customer, Language::English) => "Customers",
        (TopKind::Customer, Language::French) => "Clients",
        (TopKind::AmountBucket, Language::English) => "Amounts",
        (TopKind::AmountBucket, Language::French) => "Montants",
    }
}

pub(crate) fn status(language: Language, status: Status) -> &'static str {
    match (status, language) {
        (Status::Approved, Language::English) => "approved",
        (Status::Approved, Language::French) => "accepté",
        (Status::Declined, Language::English) => "declined",
        (Status::Declined, Language::French) => "refusé",
        (Status::Pending, Language::English) => "pending",
        (Status::Pending, Language::French) => "en attente",
        (Status::Refunded, Language::English) => "refunded",
        (Status::Refunded, Language::French) => "remboursé",
    }
}

/// `up to 10:42:07, 0.4 s ago`
pub(crate) fn up_to(language: Language, time: &str, ago: &str) -> String {
    match language {
        Language::English => format!("up to {time}, {ago} ago"),
        Language::French => format!("à jour à {time}, il y a {ago}"),
    }
}

pub(crate) fn no_news(language: Language, duration: &str) -> String {
    match language {
        Language::English => format!("no news for {duration}"),
        Language::French => format!("pas de nouvelles depuis {duration}"),
    }
}

pub(crate) fn behind(language: Language, unit: LagUnit, formatted: &str) -> String {
    match (language, unit) {
        (Language::English, LagUnit::Records) => format!("{formatted} events behind"),
        (Language::English, LagUnit::Bytes) => format!("{formatted} behind"),
        (Language::French, LagUnit::Records) => format!("{formatted} événements de retard"),
        (Language::French, LagUnit::Bytes) => format!("{formatted} de retard"),
    }
}

pub(crate) fn last_figures(language: Language, time: &str) -> String {
    match language {
        Language::English => format!("last figures {time}"),
        Language::French => format!("derniers chiffres à {time}"),
    }
}

pub(crate) fn since(language: Language, time: &str) -> String {
    match language {
        Language::English => format!("since {time}"),
        Language::French => format!("depuis {time}"),
    }
}

/// `10:38 to 10:43`
pub(crate) fn from_to(language: Language, from: &str, to: &str) -> String {
    match language {
        Language::English => format!("{from} to {to}"),
        Language::French => format!("de {from} à {to}"),
    }
}

pub(crate) fn dead_letters(language: Language, count: u64, formatted: &str) -> String {
    match (language, count) {
        (Language::English, 1) => "One record could not be used".to_owned(),
        (Language::English, _) => format!("{formatted} records could not be used"),
        (Language::French, 0 | 1) => "Un enregistrement est inutilisable".to_owned(),
        (Language::French, _) => format!("{formatted} enregistrements sont inutilisables"),
    }
}

pub(crate) fn newest(language: Language, time: &str) -> String {
    match language {
        Language::English => format!("the newest at {time}"),
        Language::French => format!("le dernier à {time}"),
    }
}

/// What a gap is, where, and when it was found.
pub(crate) fn gap(language: Language, kind: GapKind, place: &str, time: &str) -> String {
    match (language, kind) {
        (Language::English, GapKind::Lost) => format!(
            "A hole: {place} was gone before it could be read (found {time}). The figures are at \
             least this high."
        ),
        (Language::English, GapKind::Blind) => format!(
            "{place} was judged without all ids before it (found {time}): a repeated delivery may \
             have been counted twice."
        ),
        (Language::French, GapKind::Lost) => format!(
            "Un trou : {place} a disparu avant d’être lu (constaté à {time}). Les chiffres sont au \
             moins de cette hauteur."
        ),
        (Language::French, GapKind::Blind) => format!(
            "{place} a été jugé sans connaître tous les identifiants précédents (constaté à {time}) : \
             une livraison répétée a pu être comptée deux fois."
        ),
    }
}

/// `partition 2, offsets 10 to 20`
pub(crate) fn place(language: Language, partition: u32, start: u64, end: u64) -> String {
    match language {
        Language::English => format!("partition {partition}, offsets {start} to {end}"),
        Language::French => format!("partition {partition}, offsets {start} à {end}"),
    }
}

pub(crate) fn transactions(language: Language, count: u64, formatted: &str) -> String {
    format!("{formatted} {}", transactions_word(language, count))
}

pub(crate) fn of_which_refunded(language: Language, amount: &str) -> String {
    match language {
        Language::English => format!("after {amount} of refunds"),
        Language::French => format!("après {amount} de remboursements"),
    }
}

pub(crate) fn leader(language: Language, group: &str, part: &str) -> String {
    match language {
        Language::English => format!("{group} leads with {part}"),
        Language::French => format!("{group} en tête, avec {part}"),
    }
}

pub(crate) fn part_of_net(language: Language, part: &str) -> String {
    match language {
        Language::English => format!("{part} of net revenue"),
        Language::French => format!("{part} du net"),
    }
}

/// How many groups a list leaves out.
pub(crate) fn more(language: Language, count: u64) -> String {
    match language {
        Language::English => format!("and {count} more"),
        Language::French => format!("et {count} de plus"),
    }
}

/// Above the minute chart.
pub(crate) fn last_hour(language: Language, amount: &str) -> String {
    match language {
        Language::English => format!("{amount} in the last 60 minutes"),
        Language::French => format!("{amount} ces 60 dernières minutes"),
    }
}

/// Behind a count of them.
pub(crate) fn transactions_word(language: Language, count: u64) -> &'static str {
    match (language, count) {
        (Language::English, 1) | (Language::French, 0 | 1) => "transaction",
        _ => "transactions",
    }
}

/// What an order or a customer needs to be counted; a basket is gross revenue by order.
pub(crate) fn with_a_payment(language: Language, is_basket: bool) -> &'static str {
    match (language, is_basket) {
        (Language::English, false) => "with an approved payment",
        (Language::English, true) => "gross revenue per order",
        (Language::French, false) => "avec un paiement accepté",
        (Language::French, true) => "chiffre d’affaires brut par commande",
    }
}

/// `+12.3% vs Saturday last week, 10:42`
pub(crate) fn compared(language: Language, change: &str, then: jiff::civil::DateTime) -> String {
    let day = last_week(language, then);
    let time = crate::dates::hour_and_minute(then);
    match language {
        Language::English => format!("{change} vs {day}, {time}"),
        Language::French => format!("{change} par rapport à {day}, {time}"),
    }
}

/// `Saturday last week`, of a day that is a Saturday.
pub(crate) fn last_week(language: Language, day: jiff::civil::DateTime) -> String {
    const ENGLISH: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    const FRENCH: [&str; 7] = [
        "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    ];
    let day = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default();
    match language {
        Language::English => format!("{} last week", ENGLISH[day]),
        Language::French => format!("{} dernier", FRENCH[day]),
    }
}
