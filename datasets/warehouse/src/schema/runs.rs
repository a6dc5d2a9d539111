//! The batch views' side: runs, what each speaks for, and the rows of the merged views.
//!
//! A run writes whole *blocks*: a quarter of an hour with all its rows, where anything in it has
//! changed since the current run. The newest block of a quarter among the runs that were made
//! current counts, so a run costs what changed, however long the history is.

use super::Step;

pub(super) const RUNS: &[Step] = &[
    // Where the last batch of a generation ended: kept apart from the position, to hold it against.
    Step::Column {
        table: "generations",
        name: "counted_to",
        column_type: "$integer",
    },
    // `version` counts the switches; NULL as long as a run has not been made current.
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_runs (
    id $integer NOT NULL PRIMARY KEY,
    state $text100 NOT NULL,
    version $integer,
    archive_version $integer NOT NULL,
    started_at_ms $integer NOT NULL,
    ended_at_ms $integer,
    error $text
) $table",
    ),
    // At most one row, whose lock every switch takes first.
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_current (
    id $integer NOT NULL PRIMARY KEY,
    run_id $integer,
    version $integer NOT NULL
) $table",
    ),
    // What the archive counted in what is covered and not set aside stands beside the coverage.
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_coverage (
    run_id $integer NOT NULL,
    partition_id $integer NOT NULL,
    through_generation $integer NOT NULL,
    end_offset $integer NOT NULL,
    accepted $integer NOT NULL,
    rejected $integer NOT NULL,
    duplicates $integer NOT NULL,
    PRIMARY KEY (run_id, partition_id)
) $keyed",
    ),
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_coverage_net (
    run_id $integer NOT NULL,
    partition_id $integer NOT NULL,
    currency $text100 NOT NULL,
    net $integer NOT NULL,
    PRIMARY KEY (run_id, partition_id, currency)
) $keyed",
    ),
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_exceptions (
    run_id $integer NOT NULL,
    partition_id $integer NOT NULL,
    generation $integer NOT NULL,
    kind $text100 NOT NULL,
    PRIMARY KEY (run_id, partition_id, generation)
) $keyed",
    ),
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_blocks (
    run_id $integer NOT NULL,
    quarter $integer NOT NULL,
    PRIMARY KEY (run_id, quarter)
) $keyed",
    ),
    Step::Index {
        name: "view_blocks_quarter",
        table: "view_blocks",
        columns: "quarter, run_id",
    },
    // `grain` is 1 or 15: `unit` is a minute or a quarter of an hour.
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_sums (
    run_id $integer NOT NULL,
    grain $integer NOT NULL,
    unit $integer NOT NULL,
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
    PRIMARY KEY (run_id, grain, unit, currency, category, country, city, channel, status)
) $keyed",
    ),
    // One row for each minute or quarter of `view_sums`; NULL where nothing was sold.
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_sketches (
    run_id $integer NOT NULL,
    grain $integer NOT NULL,
    unit $integer NOT NULL,
    orders $bytes,
    customers $bytes,
    PRIMARY KEY (run_id, grain, unit)
) $table",
    ),
    Step::Index {
        name: "view_sketches_unit",
        table: "view_sketches",
        columns: "grain, unit, run_id",
    },
    Step::Table(
        "CREATE TABLE IF NOT EXISTS view_tops (
    run_id $integer NOT NULL,
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
    PRIMARY KEY (run_id, quarter, currency, kind, name)
) $keyed",
    ),
];

/// Up to when a run includes everything that the views sink had read; NULL where nobody knows.
pub(super) const AS_OF: &[Step] = &[Step::Column {
    table: "view_runs",
    name: "as_of_ms",
    column_type: "$integer",
}];
