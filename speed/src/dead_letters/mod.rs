//! Records that could not be counted: shown, exported, and sent again once corrected.

mod replay;
mod shown;

pub use replay::{Correction, ReplayError, Replayed, Replayer};
pub use shown::{Excerpt, Exported, Place, PlaceError};
