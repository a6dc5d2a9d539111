//! The archive of live events: a Delta table on the lake.
