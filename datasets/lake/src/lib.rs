//! One lake over HDFS and local directories: files, publication, published imports.
//!
//! [`Lake`] is the file system: names, exclusive creation, renames that never overwrite, durable
//! writes, each call within a time limit. [`publish`] replaces a directory by a new import so that
//! [`published`] readers always see either the old or the new one, whatever crashes in between.
//! README.md beside this crate says what each operation guarantees.

mod decisive;
mod entry;
mod error;
mod file;
mod hdfs;
mod lake;
mod limit;
mod local;
mod path;
pub mod publish;
pub mod published;
mod unique;

pub use entry::{Entry, EntryKind};
pub use error::{LakeError, Result, Retry};
pub use file::{LakeReader, LakeWriter};
pub use lake::{Create, Lake, LakeOptions, Recursive};
pub use path::LakePath;
