//! The archive of live events: a Delta table on the lake that says up to which offset it is
//! complete.
//!
//! Rows and the positions behind them are one commit, over exactly the version that was looked at:
//! [`Archive`]. A reader takes one version, and with it the positions and gaps that hold for it:
//! [`Snapshot`]. Results of views are Delta tables beside it: [`OutputTable`]. README.md beside this crate describes the table and its protocol.

mod archive;
mod draft;
mod error;
mod forget;
mod output;
mod plan;
mod records;
mod rows;
mod schema;
mod snapshot;
mod store;
mod table;
mod upkeep;
mod verify;

pub use archive::{Archive, Committed, Part, Uploaded};
pub use draft::{DataFile, Draft, RowCounts};
pub use error::{BronzeError, Result};
pub use forget::{Forgot, Forgotten, KeptBack, Retention, Taken};
pub use output::{
    OutputCommitted, OutputTable, OutputVersion, OutputWriter, Replaced, taken_by_run,
};
pub use records::{ArchivedRecord, ArchivedSaid, Records};
pub use rows::Gap;
pub use schema::DAY;
pub use snapshot::Snapshot;
pub use table::Table;
pub use upkeep::{Change, Compacted, Sweep};
pub use verify::Fault;
