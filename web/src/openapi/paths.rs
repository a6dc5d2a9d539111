//! Every path that the server answers.

use super::archive::{jobs, lake, logs};
use super::describe::{
    Described, cursor, day, get, limit, named, number, query, segment, text, words,
};
use crate::access::JOURNAL_ENTRIES_DEFAULT;
use crate::live::rest::{BY, By, ROWS_DEFAULT};
use crate::views::{PARQUET, ROWS_DEFAULT as VIEW_ROWS_DEFAULT};
use comptoir_model::api::ProblemKind::{
    InvalidParameter, LakeUnavailable, NoImport, NotFound, StaleCursor, TooManyRows,
    TooManyStreams, UnreadableImport, WarehouseUnavailable,
};
use comptoir_model::api::access::{JournalPage, SessionInfo};
use comptoir_model::api::health::Health;
use comptoir_model::api::live::{
    DeadLetter, DeadLetters, LiveCompared, LiveMessage, TransactionPage, WindowName,
};
use comptoir_model::api::reconcile::ReconcileReport;
use comptoir_model::api::views::{ViewList, ViewPage};
use comptoir_model::api::{HistoryBy, HistorySummary, ProblemKind};
use comptoir_model::event::{Channel, Status};
use comptoir_model::history::Dimension;
use comptoir_model::money::Currency;
use comptoir_model::view_result::ViewName;
use utoipa::openapi::schema::{ObjectBuilder, Type};

pub(super) const HISTORY: &str = "history";
pub(super) const LIVE: &str = "live";
pub(super) const VIEWS: &str = "views";
pub(super) const TRUST: &str = "trust";
pub(super) const JOBS: &str = "jobs";
pub(super) const LAKE: &str = "lake";
pub(super) const LOGS: &str = "logs";
pub(super) const ACCESS: &str = "access";
pub(super) const PROBES: &str = "probes";
pub(super) const DOCUMENT: &str = "document";

const OF_HISTORY: [ProblemKind; 3] = [NoImport, LakeUnavailable, UnreadableImport];

/// As records write it.
const AMOUNT: &str = r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$";

/// Of a view's result: its run, the rows before, and which question it goes on with.
pub(super) const VIEW_CURSOR: &str = r"^[0-9A-Za-z-]{1,64}\.[0-9]{1,15}\.[0-9a-f]{12}$";

pub(super) const VIEW_FORMATS: [&str; 3] = ["json", "csv", "parquet"];

/// All but the published views, which have a path each beside `views/{name}`.
pub(super) fn all() -> Vec<Described> {
    let mut all = history();
    all.extend(live());
    all.extend(lists());
    all.extend([views(), view()]);
    all.extend(trust());
    all.extend(jobs());
    all.push(lake());
    all.extend(logs());
    all.extend(access());
    all.extend(probes());
    all
}

fn history() -> Vec<Described> {
    let dimension = "What the lines are grouped by";
    vec![
        filtered(get(
            "/api/v1/history/summary",
            HISTORY,
            "Totals of the import",
        ))
        .about("Orders are not lines, and cancelled lines are no revenue.")
        .answers::<HistorySummary>()
        .fails(&OF_HISTORY),
        filtered(get(
            "/api/v1/history/by/{dimension}",
            HISTORY,
            "Totals of the import by one dimension",
        ))
        .takes(segment("dimension", dimension, named::<Dimension>()))
        .exports()
        .answers::<HistoryBy>()
        .fails(&OF_HISTORY),
    ]
}

/// Of lines that fit all of the filters.
fn filtered(mut path: Described) -> Described {
    for dimension in Dimension::ALL {
        let about = "Only lines of this one, or of one of several";
        path = path.takes(query(dimension.as_str(), about, text().to_array_builder()));
    }
    path.takes(query("from", "The first order date, included", day()))
        .takes(query("to", "The last order date, included", day()))
        .fails(&[TooManyRows])
}

fn live() -> Vec<Described> {
    let live = |path: &str, summary: &str| {
        get(format!("/api/v1/live/{path}"), LIVE, summary).fails(&[WarehouseUnavailable])
    };
    let mut all =
        vec![
        live("summary", "The last 5 and 60 minutes, and today").answers::<LiveMessage>(),
        live("series", "The last 60 minutes, one by one").answers::<LiveMessage>().exports(),
        live("compared", "The same weekday last week, up to the same time")
            .answers::<LiveCompared>(),
        live("stream", "All of it, as it changes")
            .about(
                "Server-sent events. `snapshot` holds a LiveMessage with every part; `change` says \
                 what turns the message before into the next one. At least one a second, at most \
                 ten; `Last-Event-ID` goes on where a connection broke.",
            )
            .answers_text("text/event-stream", "Events, without an end")
            .fails(&[TooManyStreams]),
    ];
    let groups = BY.iter().filter(|(_, by)| matches!(by, By::Group(_)));
    let groups = words(groups.map(|(name, _)| *name));
    let by = live("by/{dimension}", "The windows by one dimension")
        .takes(segment(
            "dimension",
            "What the events are grouped by",
            groups,
        ))
        .takes(query("window", "Only this window", named::<WindowName>()))
        .takes(limit(None))
        .exports()
        .answers::<LiveMessage>();
    all.push(by);
    for (name, by) in BY {
        if let By::Top(_) = by {
            let top = live(
                &format!("by/{name}"),
                &format!("The highest net by {name}, today"),
            )
            .takes(query("window", "There is no other", words(["today"])))
            .takes(limit(Some(10)))
            .exports()
            .answers::<LiveMessage>();
            all.push(top);
        }
    }
    all
}

fn lists() -> Vec<Described> {
    let of_warehouse = [WarehouseUnavailable];
    let mut transactions = get(
        "/api/v1/transactions",
        LIVE,
        "Accepted events, newest first",
    )
    .about("By event time, of the last 10,000 of each partition.")
    .takes(limit(Some(ROWS_DEFAULT)))
    .takes(cursor(r"^[0-9]{1,17}\.[0-9]{1,9}\.[0-9]{1,18}\..+$"))
    .takes(query("status", "Only this one", named::<Status>()))
    .takes(query("channel", "Only this one", named::<Channel>()))
    .takes(query("currency", "Only this one", named::<Currency>()));
    for name in [
        "category",
        "country",
        "city",
        "merchant",
        "product_id",
        "customer_id",
        "order_id",
    ] {
        transactions = transactions.takes(query(name, "Only this one, exactly as spelled", text()));
    }
    for (name, about) in [
        ("amount.min", "From this amount on"),
        ("amount.max", "Up to this amount, which is included"),
    ] {
        let amount = text().pattern(Some(AMOUNT));
        transactions = transactions.takes(query(name, about, amount));
    }
    vec![
        transactions
            .answers::<TransactionPage>()
            .with_schema::<Channel>()
            .exports_all()
            .fails(&of_warehouse),
        get(
            "/api/v1/dead-letters",
            LIVE,
            "Records that could not be used",
        )
        .about("Counts by reason, and the newest first.")
        .takes(limit(Some(ROWS_DEFAULT)))
        .takes(cursor(r"^[0-9]{1,9}\.[0-9]{1,18}\..+$"))
        .takes(query(
            "reason",
            "Only those of this reason, by its stable name",
            text(),
        ))
        .answers::<DeadLetters>()
        .exports_all()
        .fails(&[WarehouseUnavailable, StaleCursor]),
        get(
            "/api/v1/dead-letters/{stream}/{partition}/{offset}",
            LIVE,
            "One of them, with its record",
        )
        .takes(segment("stream", "The stream it was read from", text()))
        .takes(segment(
            "partition",
            "Its partition",
            number(0, u32::MAX.into()),
        ))
        .takes(segment(
            "offset",
            "Its offset",
            number(0, i64::MAX.cast_unsigned()),
        ))
        .answers::<DeadLetter>()
        .fails(&[WarehouseUnavailable, NotFound, InvalidParameter]),
    ]
}

fn views() -> Described {
    get("/api/v1/views", VIEWS, "Every batch view and its result")
        .answers::<ViewList>()
        .fails(&[WarehouseUnavailable])
}

fn view() -> Described {
    get("/api/v1/views/{name}", VIEWS, "Rows of a view's result")
        .about(
            "A view that is published has a path of its own in this document, with its columns as \
             parameters: the name of a column keeps the rows with this value, `.min` and `.max` \
             behind the name those from and up to it, and `sort` names the column to sort by.",
        )
        .takes(segment("name", "The view", named::<ViewName>()))
        .takes(limit(Some(VIEW_ROWS_DEFAULT)))
        .takes(cursor(VIEW_CURSOR))
        .answers::<ViewPage>()
        .exports_as(&VIEW_FORMATS)
        .answers_text(PARQUET, "The answer")
        .fails(&[WarehouseUnavailable, StaleCursor, TooManyRows])
}

fn trust() -> Vec<Described> {
    vec![
        get(
            "/api/v1/reconcile",
            TRUST,
            "Whether what is served equals what was counted",
        )
        .answers::<ReconcileReport>()
        .fails(&[WarehouseUnavailable]),
        get("/api/v1/health", TRUST, "How every part of the platform is").answers::<Health>(),
    ]
}

fn access() -> Vec<Described> {
    let before = "`next` of the page before, to go on behind it";
    vec![
        get("/api/v1/session", ACCESS, "As whom the server knows you").answers::<SessionInfo>(),
        get("/api/v1/journal", ACCESS, "Who did what, the newest first")
            .takes(limit(Some(JOURNAL_ENTRIES_DEFAULT)))
            .takes(query(
                "before",
                before,
                ObjectBuilder::new().schema_type(Type::Integer),
            ))
            .answers::<JournalPage>()
            .fails(&[WarehouseUnavailable]),
    ]
}

fn probes() -> Vec<Described> {
    let plain = "text/plain; charset=utf-8";
    let any_object = || ObjectBuilder::new().schema_type(Type::Object);
    vec![
        get("/healthz", PROBES, "Whether the process answers").answers_text(plain, "It does"),
        get("/readyz", PROBES, "Whether there is something to serve")
            .answers_text(plain, "There is, or the lake is empty")
            .fails(&[LakeUnavailable]),
        get("/metrics", PROBES, "What is counted").answers_text(
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "OpenMetrics",
        ),
        get("/api/openapi.json", DOCUMENT, "This document").answers_json(any_object()),
        get("/docs", DOCUMENT, "This document, to read")
            .answers_text("text/html; charset=utf-8", "A page"),
    ]
}
