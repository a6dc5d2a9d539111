use super::{DimensionTexts, FigureText, Text};

pub(super) const TEXT: Text = Text {
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    short_months: [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],

    history: "History",
    main_navigation: "Main",
    skip_to_content: "Skip to the content",
    switch_language: "Passer en français",
    theme_auto: "Theme: as the system",
    theme_light: "Theme: light",
    theme_dark: "Theme: dark",

    figures: "Figures",
    net_sales: FigureText {
        label: "Net sales",
        note: "cancelled lines taken out",
        formula: "sales − cancelled sales",
    },
    sales: FigureText {
        label: "Sales",
        note: "every line, cancelled or not",
        formula: "sum of SALES over every row",
    },
    cancelled_sales: FigureText {
        label: "Cancelled",
        note: "never counted as revenue",
        formula: "sum of SALES where STATUS is “Cancelled”",
    },
    average_basket: FigureText {
        label: "Average basket",
        note: "net sales per order",
        formula: "net sales ÷ orders that have a line that is not cancelled, \
                  rounded half to even to the cent",
    },
    orders: FigureText {
        label: "Orders",
        note: "an order has one or more lines",
        formula: "count of different ORDERNUMBER, cancelled ones included",
    },
    lines: FigureText {
        label: "Order lines",
        note: "one product on one order",
        formula: "count of rows",
    },
    customers: FigureText {
        label: "Customers",
        note: "who ordered at least once",
        formula: "count of different CUSTOMERNAME",
    },
    no_value: "no value",

    how_is_this_made: "How is this made?",
    formula: "Formula",
    source_table: "Source table",
    run: "Import run",
    imported_at: "Imported",
    read_from: "Read from",

    sales_by_month: "Sales by month",
    month: "Month",
    month_caption: "Sales by month of the order date. The hatched part was cancelled; the thin \
                    grey line is the same month a year before.",
    month_hint: "Point at a month, or reach the chart with Tab and use the arrow keys.",
    year_before: "A year before",
    sales_by_product_line: "Sales by product line",
    group_caption: "Sales, largest first, and their part of all sales. The hatched part was \
                    cancelled.",
    breakdown: "Sales by",
    breakdown_choice: "Break sales down by",
    dimensions: DimensionTexts {
        product_line: "Product line",
        country: "Country",
        territory: "Territory",
        status: "Status",
        deal_size: "Deal size",
    },
    show_table: "Table",
    show_chart: "Chart",
    no_rows: "The imported table has no rows.",
    no_group_name: "(no name)",

    lake: "Where it lies in the lake",
    part: "Part file",
    rows: "Rows",
    bytes: "Bytes",
    checksum: "SHA-256",
    total: "Total",

    loading: "Loading the history",
    nothing_imported: "Nothing has been imported yet",
    what_fills_it: "This page shows the sales that an import has brought from the ERP into the lake. \
                 It fills by itself as soon as the first import is published.",
    command: "The command that does it:",
    retries: "This page keeps trying by itself.",
    unreachable: "The server does not answer",
    unreachable_cure: "Check that Comptoir is running, or start it with `compose/up`.",
    unreadable: "The server answered something this page cannot read",
    unreadable_cure: "Reload the page: the server may have been updated since it was opened.",
    lake_unavailable: "The lake cannot be reached",
    lake_unavailable_cure: "`comptoir doctor` says what is wrong with it.",
    unreadable_import: "The published import cannot be read",
    unreadable_import_cure: "Run the import again: it replaces the damaged one.",
    timed_out: "The server took too long to answer",
    refused: "The server refused to answer",
};
