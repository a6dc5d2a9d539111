//! What is written into the tables of a run's rows.

use crate::dialect::OnConflict;
use crate::session::Insert;

/// Of `view_sums` and `view_sketches`: how many minutes a unit has.
pub(crate) const GRAIN_MINUTE: i64 = 1;
pub(crate) const GRAIN_QUARTER: i64 = 15;

pub(super) const BLOCKS: Insert<'static> = Insert {
    table: "view_blocks",
    key: &["run_id", "quarter"],
    columns: &["run_id", "quarter"],
    on_conflict: OnConflict::Keep,
};

pub(super) const SUMS: Insert<'static> = Insert {
    table: "view_sums",
    key: &["run_id", "grain", "unit"],
    columns: &[
        "run_id",
        "grain",
        "unit",
        "currency",
        "category",
        "country",
        "city",
        "channel",
        "status",
        "transactions",
        "quantity",
        "gross",
        "refunds",
        "net",
    ],
    on_conflict: OnConflict::Keep,
};

pub(super) const SKETCHES: Insert<'static> = Insert {
    table: "view_sketches",
    key: &["run_id", "grain", "unit"],
    columns: &["run_id", "grain", "unit", "orders", "customers"],
    on_conflict: OnConflict::Keep,
};

pub(super) const TOPS: Insert<'static> = Insert {
    table: "view_tops",
    key: &["run_id", "quarter", "currency", "kind", "name"],
    columns: &[
        "run_id",
        "quarter",
        "currency",
        "kind",
        "name",
        "transactions",
        "approved",
        "units",
        "gross",
        "refunds",
        "net",
    ],
    on_conflict: OnConflict::Keep,
};
