//! The tables, as a list of migrations. One that was released is never changed: the next one is
//! appended. Each statement can be repeated, because `MySQL` has no transaction around it.
//!
//! `offset` and `partition` are words of some of the databases: columns are called
//! `record_offset`, `next_offset`, `partition_number`.

mod commands;
mod journal;
mod runs;

/// Which of the platform's sinks the rows in `offsets`, `progress` and `gaps` belong to.
pub(crate) const VIEWS_SINK: &str = "views";

/// Made before any migration.
pub(crate) const VERSIONS: &str = "
CREATE TABLE IF NOT EXISTS schema_version (
    version $integer NOT NULL PRIMARY KEY,
    applied_at_ms $integer NOT NULL
) $table";

/// Migration n is the n-th of these.
pub(crate) const MIGRATIONS: &[&[Step]] = &[
    LIVE,
    JOBS,
    VIEW_RESULTS,
    runs::RUNS,
    runs::AS_OF,
    LETTERS_REMOVED,
    FULL_LOOKS,
    journal::JOURNAL,
    commands::COMMANDS,
];

pub(crate) enum Step {
    /// `CREATE TABLE IF NOT EXISTS`
    Table(&'static str),
    /// One more column of a table that an earlier migration made; neither can say "if not exists".
    Column {
        table: &'static str,
        name: &'static str,
        column_type: &'static str,
    },
    /// `MySQL` can't make one "if not exists".
    Index {
        name: &'static str,
        table: &'static str,
        columns: &'static str,
    },
}

const LIVE: &[Step] = &[
    Step::Table("CREATE TABLE IF NOT EXISTS streams (
    stream $text200 NOT NULL PRIMARY KEY,
    transport $text100 NOT NULL,
    topic $text200 NOT NULL,
    first_seen_ms $integer NOT NULL,
    ended_at_ms $integer
) $keyed"),
    // All other tables know a partition by its short id.
    Step::Table("CREATE TABLE IF NOT EXISTS stream_partitions (
    id $key,
    stream $text200 NOT NULL,
    partition_number $integer NOT NULL,
    UNIQUE (stream, partition_number)
) $table"),
    Step::Table("CREATE TABLE IF NOT EXISTS offsets (
    sink $text100 NOT NULL,
    partition_id $integer NOT NULL,
    next_offset $integer NOT NULL,
    generation $integer NOT NULL,
    updated_at_ms $integer NOT NULL,
    PRIMARY KEY (sink, partition_id)
) $keyed"),
    Step::Table("CREATE TABLE IF NOT EXISTS progress (
    sink $text100 NOT NULL,
    partition_id $integer NOT NULL,
    log_end $integer NOT NULL,
    fresh_through_ms $integer,
    checked_at_ms $integer NOT NULL,
    owner $text200 NOT NULL,
    PRIMARY KEY (sink, partition_id)
) $keyed"),
    Step::Table("CREATE TABLE IF NOT EXISTS generations (
    partition_id $integer NOT NULL,
    generation $integer NOT NULL,
    start_offset $integer NOT NULL,
    end_offset $integer,
    sealed_at_ms $integer,
    accepted $integer NOT NULL,
    rejected $integer NOT NULL,
    duplicates $integer NOT NULL,
    PRIMARY KEY (partition_id, generation)
) $keyed"),
    Step::Table("CREATE TABLE IF NOT EXISTS generation_net (
    partition_id $integer NOT NULL,
    generation $integer NOT NULL,
    currency $text100 NOT NULL,
    net $integer NOT NULL,
    PRIMARY KEY (partition_id, generation, currency)
) $keyed"),
    Step::Table("CREATE TABLE IF NOT EXISTS gaps (
    sink $text100 NOT NULL,
    partition_id $integer NOT NULL,
    kind $text100 NOT NULL,
    start_offset $integer NOT NULL,
    end_offset $integer NOT NULL,
    found_at_ms $integer NOT NULL,
    PRIMARY KEY (sink, partition_id, kind, start_offset, end_offset)
) $keyed"),
    // Read by the key's beginning, over `minutes`: an index by minute would hold every key again.
    Step::Table("CREATE TABLE IF NOT EXISTS buckets (
    partition_id $integer NOT NULL,
    generation $integer NOT NULL,
    minute $integer NOT NULL,
    currency $text100 NOT NULL,
    category $text100 NOT NULL,
    country $text100 NOT NULL,
    city $text100 NOT NULL,
    channel $text100 NOT NULL,
    status $text100 NOT NULL,
    transactions $integer NOT NULL,
    quantity $integer NOT NULL,
    gross $integer NOT NULL,
    refunds $integer NOT NULL,
    net $integer NOT NULL,
    PRIMARY KEY (partition_id, generation, minute, currency, category, country, city, channel, status)
) $keyed"),
    // One row for each minute of `buckets`; the sketches are NULL where nothing was sold.
    Step::Table("CREATE TABLE IF NOT EXISTS minutes (
    partition_id $integer NOT NULL,
    generation $integer NOT NULL,
    minute $integer NOT NULL,
    orders $bytes,
    customers $bytes,
    changed_offset $integer NOT NULL,
    PRIMARY KEY (partition_id, generation, minute)
) $table"),
    Step::Index { name: "minutes_changed", table: "minutes", columns: "partition_id, changed_offset" },
    Step::Table("CREATE TABLE IF NOT EXISTS tops (
    partition_id $integer NOT NULL,
    generation $integer NOT NULL,
    quarter $integer NOT NULL,
    currency $text100 NOT NULL,
    kind $text100 NOT NULL,
    name $text100 NOT NULL,
    transactions $integer NOT NULL,
    approved $integer NOT NULL,
    units $integer NOT NULL,
    gross $integer NOT NULL,
    refunds $integer NOT NULL,
    net $integer NOT NULL,
    changed_offset $integer NOT NULL,
    PRIMARY KEY (partition_id, generation, quarter, currency, kind, name)
) $keyed"),
    // One row for each quarter of an hour of `tops`.
    Step::Table("CREATE TABLE IF NOT EXISTS quarters (
    partition_id $integer NOT NULL,
    generation $integer NOT NULL,
    quarter $integer NOT NULL,
    changed_offset $integer NOT NULL,
    PRIMARY KEY (partition_id, generation, quarter)
) $keyed"),
    Step::Index { name: "quarters_changed", table: "quarters", columns: "partition_id, changed_offset" },
    Step::Table("CREATE TABLE IF NOT EXISTS names (
    kind $text100 NOT NULL,
    id $text100 NOT NULL,
    name $text100 NOT NULL,
    PRIMARY KEY (kind, id)
) $keyed"),
    Step::Table("CREATE TABLE IF NOT EXISTS dead_letters (
    partition_id $integer NOT NULL,
    record_offset $integer NOT NULL,
    record_timestamp_ms $integer NOT NULL,
    reason $text100 NOT NULL,
    detail $text NOT NULL,
    cure $text NOT NULL,
    size $integer NOT NULL,
    bytes $bytes NOT NULL,
    found_at_ms $integer NOT NULL,
    PRIMARY KEY (partition_id, record_offset)
) $table"),
    Step::Index { name: "dead_letters_found", table: "dead_letters", columns: "found_at_ms, partition_id, record_offset" },
    Step::Index { name: "dead_letters_reason", table: "dead_letters", columns: "reason, found_at_ms, partition_id, record_offset" },
    Step::Table("CREATE TABLE IF NOT EXISTS recent (
    partition_id $integer NOT NULL,
    record_offset $integer NOT NULL,
    event_time_us $integer NOT NULL,
    event_id $text100 NOT NULL,
    order_id $text100 NOT NULL,
    order_line $integer NOT NULL,
    customer_id $text100,
    customer_name $text100,
    product_id $text100 NOT NULL,
    product_name $text100 NOT NULL,
    category $text100 NOT NULL,
    merchant $text100 NOT NULL,
    quantity $integer NOT NULL,
    unit_price $integer NOT NULL,
    amount $integer NOT NULL,
    currency $text100 NOT NULL,
    country $text100 NOT NULL,
    city $text100 NOT NULL,
    channel $text100 NOT NULL,
    payment_method $text100 NOT NULL,
    status $text100 NOT NULL,
    PRIMARY KEY (partition_id, record_offset)
) $keyed"),
    Step::Table("CREATE TABLE IF NOT EXISTS replays (
    partition_id $integer NOT NULL,
    record_offset $integer NOT NULL,
    state $text100 NOT NULL,
    ends $text NOT NULL,
    replacement $bytes NOT NULL,
    transactional_id $text200 NOT NULL,
    created_at_ms $integer NOT NULL,
    done_at_ms $integer,
    PRIMARY KEY (partition_id, record_offset)
) $table"),
    Step::Table("CREATE TABLE IF NOT EXISTS processes (
    name $text100 NOT NULL,
    instance $text100 NOT NULL,
    host $text200 NOT NULL,
    pid $integer NOT NULL,
    listen $text200,
    started_at_ms $integer NOT NULL,
    seen_at_ms $integer NOT NULL,
    state $text100 NOT NULL,
    detail $text NOT NULL,
    PRIMARY KEY (name, instance)
) $keyed"),
];

/// The batch jobs. A row is made when a run begins, and says `running` until it has ended.
const JOBS: &[Step] = &[
    Step::Table(
        "CREATE TABLE IF NOT EXISTS job_runs (
    id $key,
    job $text100 NOT NULL,
    host $text200 NOT NULL,
    pid $integer NOT NULL,
    started_at_ms $integer NOT NULL,
    ended_at_ms $integer,
    outcome $text100 NOT NULL,
    attempts $integer NOT NULL,
    imported_rows $integer,
    imported_bytes $integer,
    run $text100,
    error $text
) $table",
    ),
    Step::Index {
        name: "job_runs_job",
        table: "job_runs",
        columns: "job, id",
    },
];

/// Dead letters that are kept no longer: how many there were, so that they go on being counted.
const LETTERS_REMOVED: &[Step] = &[Step::Table(
    "CREATE TABLE IF NOT EXISTS dead_letters_removed (
    partition_id $integer NOT NULL,
    reason $text100 NOT NULL,
    letters $integer NOT NULL,
    PRIMARY KEY (partition_id, reason)
) $keyed",
)];

/// What batch views answer. A row of `view_results` is made when a run begins to load; one small
/// transaction makes it the view's current one. `about` and each chunk's `body` are JSON.
const VIEW_RESULTS: &[Step] = &[
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_results (
    id $key,
    view_name $text100 NOT NULL,
    run $text100 NOT NULL,
    state $text100 NOT NULL,
    started_at_ms $integer NOT NULL,
    published_at_ms $integer,
    row_count $integer,
    about $text,
    UNIQUE (view_name, run)
) $table",
    ),
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_result_chunks (
    result_id $integer NOT NULL,
    chunk_number $integer NOT NULL,
    body $text NOT NULL,
    PRIMARY KEY (result_id, chunk_number)
) $table",
    ),
];

/// The newest reconciliation that looked at the log and the archive too: `report` is JSON.
const FULL_LOOKS: &[Step] = &[Step::Table(
    "CREATE TABLE IF NOT EXISTS full_looks (
    looked_at_ms $integer NOT NULL PRIMARY KEY,
    report $text NOT NULL
) $table",
)];
