//! Who did what. Rows are added, and never changed or deleted: no statement of ours does.

use super::Step;

pub(super) const JOURNAL: &[Step] = &[Step::Table(
    "CREATE TABLE IF NOT EXISTS journal (
    id $key,
    entry $text100 NOT NULL,
    at_ms $integer NOT NULL,
    who $text100 NOT NULL,
    address $text100 NOT NULL,
    action $text100 NOT NULL,
    outcome $text100 NOT NULL,
    detail $text NOT NULL,
    UNIQUE (entry)
) $table",
)];
