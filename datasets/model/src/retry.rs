//! What a failed call means for the caller.

/// Whether the same call can succeed later without anybody changing anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    CanHelp,
    CanNot,
    /// The call may have been carried out: read back before trying again.
    Unknown,
}
