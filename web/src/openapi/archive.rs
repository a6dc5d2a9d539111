//! The paths of what runs beside the live figures: jobs, the lake, the archive of logs.

use super::describe::{
    Described, get, limit, named, needed, number, post, query, segment, text, time,
};
use super::paths::{JOBS, LAKE, LOGS};
use crate::jobs::HISTORY_DEFAULT;
use crate::lake::ENTRIES_DEFAULT;
use crate::logs::search::{AROUND_DEFAULT, AROUND_MAX, LINES_DEFAULT, PATTERN_BYTES_MAX};
use comptoir_model::api::ProblemKind::{
    JournalUnavailable, LakeUnavailable, LogArchiveUnavailable, LogsUnavailable, NoExecutor,
    NotFound, WarehouseUnavailable,
};
use comptoir_model::api::jobs::{CommandInfo, JobRuns, Jobs};
use comptoir_model::api::lake::LakeAnswer;
use comptoir_model::api::log_search::{LogLines, LogSearch, LogVerification};
use comptoir_model::api::logs::LogsSummary;
use comptoir_model::app_log::Level;
use utoipa::openapi::schema::{ObjectBuilder, Type};

pub(super) fn jobs() -> Vec<Described> {
    vec![
        get("/api/v1/jobs", JOBS, "Every import and view that has run")
            .answers::<Jobs>()
            .fails(&[WarehouseUnavailable]),
        get("/api/v1/jobs/{name}", JOBS, "The runs of one, newest first")
            .takes(segment("name", "The job", text()))
            .takes(limit(Some(HISTORY_DEFAULT)))
            .answers::<JobRuns>()
            .exports_all()
            .fails(&[WarehouseUnavailable]),
        post(
            "/api/v1/jobs/{name}/run",
            JOBS,
            "Asks for one to be run now",
        )
        .about(
            "A `comptoir-batch serve` that has the job runs it as the schedule would. While the \
                 command has not ended, asking again gives the same one. What came of it is in \
                 `run_now` of `/api/v1/jobs`.",
        )
        .takes(segment("name", "One of `run_now.jobs`", text()))
        .accepts::<CommandInfo>()
        .fails(&[NoExecutor, JournalUnavailable, WarehouseUnavailable]),
    ]
}

pub(super) fn lake() -> Described {
    get("/api/v1/lake", LAKE, "What lies in the lake")
        .about(
            "Without `path` the directories that the settings name; with it one of these, or what \
             lies below: a directory's entries by name, or a file's beginning.",
        )
        .takes(query("path", "Below one of the directories", text()))
        .takes(limit(Some(ENTRIES_DEFAULT)))
        .takes(query(
            "cursor",
            "Only entries whose names come after it",
            text(),
        ))
        .answers::<LakeAnswer>()
        .fails(&[LakeUnavailable, NotFound])
}

pub(super) fn logs() -> Vec<Described> {
    let of_archive = [LogArchiveUnavailable];
    let pattern = "A regular expression as of Rust's `regex`";
    let ignore_case = ObjectBuilder::new().schema_type(Type::Boolean);
    let around = number(1, AROUND_MAX as u64).default(Some(AROUND_DEFAULT.into()));
    let place = || number(0, u64::MAX);
    vec![
        get(
            "/api/v1/logs/summary",
            LOGS,
            "The log shipper, and the newest lines",
        )
        .answers::<LogsSummary>()
        .fails(&[LogsUnavailable]),
        get(
            "/api/v1/logs/search",
            LOGS,
            "The archived lines that fit, newest first",
        )
        .about("Without `from` and `to` those of the last hour.")
        .takes(query(
            "pattern",
            pattern,
            text().max_length(Some(PATTERN_BYTES_MAX)),
        ))
        .takes(query(
            "ignore_case",
            "Upper and lower case are the same",
            ignore_case,
        ))
        .takes(query("level", "This one and worse", named::<Level>()))
        .takes(query("source", "Only of this one", text()))
        .takes(query("from", "The earliest, included", time()))
        .takes(query("to", "The latest, included", time()))
        .takes(limit(Some(LINES_DEFAULT)))
        .answers::<LogSearch>()
        .exports_all()
        .fails(&of_archive),
        get("/api/v1/logs/lines", LOGS, "The lines around one")
            .takes(needed("source", "Its source", text()))
            .takes(needed("life", "Its file's life", place()))
            .takes(needed("offset", "Where it begins in that life", place()))
            .takes(query("around", "How many on each side", around))
            .answers::<LogLines>()
            .fails(&of_archive),
        get(
            "/api/v1/logs/verify",
            LOGS,
            "Whether the archive is what its manifests say",
        )
        .about("Names, lengths, chains and signatures; no contents.")
        .answers::<LogVerification>()
        .fails(&of_archive),
    ]
}
