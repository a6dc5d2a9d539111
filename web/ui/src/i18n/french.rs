use super::{DimensionTexts, FigureText, Text};

pub(super) const TEXT: Text = Text {
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    short_months: [
        "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
        "déc.",
    ],

    history: "Historique",
    main_navigation: "Principale",
    skip_to_content: "Aller au contenu",
    switch_language: "Switch to English",
    theme_auto: "Thème : celui du système",
    theme_light: "Thème : clair",
    theme_dark: "Thème : sombre",

    figures: "Chiffres clés",
    net_sales: FigureText {
        label: "Ventes nettes",
        note: "sans les lignes annulées",
        formula: "ventes − ventes annulées",
    },
    sales: FigureText {
        label: "Ventes",
        note: "toutes les lignes, annulées comprises",
        formula: "somme de SALES sur toutes les lignes de la table",
    },
    cancelled_sales: FigureText {
        label: "Annulé",
        note: "jamais compté en chiffre d’affaires",
        formula: "somme de SALES là où STATUS vaut « Cancelled »",
    },
    average_basket: FigureText {
        label: "Panier moyen",
        note: "ventes nettes par commande",
        formula: "ventes nettes ÷ commandes dont au moins une ligne n’est pas annulée, arrondi au \
                  centime (au pair le plus proche)",
    },
    orders: FigureText {
        label: "Commandes",
        note: "une ou plusieurs lignes chacune",
        formula: "nombre d’ORDERNUMBER différents, commandes annulées comprises",
    },
    lines: FigureText {
        label: "Lignes de commande",
        note: "un produit sur une commande",
        formula: "nombre de lignes de la table",
    },
    customers: FigureText {
        label: "Clients",
        note: "au moins une commande",
        formula: "nombre de CUSTOMERNAME différents",
    },
    no_value: "pas de valeur",

    how_is_this_made: "D’où vient ce chiffre ?",
    formula: "Formule",
    source_table: "Table source",
    run: "Identifiant d’import",
    imported_at: "Importé",
    read_from: "Lu dans",

    sales_by_month: "Ventes par mois",
    month: "Mois",
    month_caption: "Ventes par mois de commande. La partie hachurée a été annulée ; le trait fin \
                    et gris rappelle le même mois un an plus tôt.",
    month_hint: "Survolez un mois, ou atteignez le graphique avec Tab puis les flèches.",
    year_before: "Un an plus tôt",
    sales_by_product_line: "Ventes par gamme",
    group_caption: "Ventes, de la plus forte à la plus faible, et leur part du total. La partie \
                    hachurée a été annulée.",
    breakdown: "Ventes par",
    breakdown_choice: "Répartir les ventes par",
    dimensions: DimensionTexts {
        product_line: "Gamme",
        country: "Pays",
        territory: "Territoire",
        status: "Statut",
        deal_size: "Taille de vente",
    },
    show_table: "Tableau",
    show_chart: "Graphique",
    no_rows: "La table importée n’a aucune ligne.",
    no_group_name: "(sans nom)",

    lake: "Où sont les données dans le lac",
    part: "Fichier",
    rows: "Lignes",
    bytes: "Octets",
    checksum: "SHA-256",
    total: "Total",

    loading: "Chargement de l’historique",
    nothing_imported: "Rien n’a encore été importé",
    what_fills_it: "Cette page montre les ventes qu’un import a copiées de l’ERP vers le lac. Elle se \
                 remplira d’elle-même dès la publication du premier import.",
    command: "La commande qui le fait :",
    retries: "La page réessaie d’elle-même.",
    unreachable: "Le serveur ne répond pas",
    unreachable_cure: "Vérifiez que Comptoir tourne, ou lancez-le avec `compose/up`.",
    unreadable: "Le serveur a répondu quelque chose que cette page ne sait pas lire",
    unreadable_cure: "Rechargez la page : le serveur a peut-être été mis à jour entre-temps.",
    lake_unavailable: "Le lac est injoignable",
    lake_unavailable_cure: "`comptoir doctor` dit ce qui ne va pas.",
    unreadable_import: "L’import publié est illisible",
    unreadable_import_cure: "Relancez l’import : il remplacera celui qui est abîmé.",
    timed_out: "Le serveur a mis trop de temps à répondre",
    refused: "Le serveur a refusé de répondre",
};
