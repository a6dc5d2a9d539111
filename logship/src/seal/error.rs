//! Why sealing waits. Nothing is lost by it: the pieces stay.

use crate::archive::ArchiveError;
use crate::archive::signature::PublicKey;
use comptoir_lake::LakeError;
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(
        "{location} is signed with the key {chain}, and {file} holds {own}\nhint: put the old key back, or let it sign the new one with `comptoir-logship keygen --rotate`"
    )]
    OtherKey {
        location: String,
        chain: PublicKey,
        file: String,
        own: PublicKey,
    },
    #[error(
        "{piece} is not as its name says: {reason}\nhint: it was changed or damaged after it was closed, and is not sealed; compare it with the source"
    )]
    Piece { piece: String, reason: String },
    #[error(
        "{segment} does not read back as it was written: {reason}\nhint: look at the disks of the lake; the pieces stay"
    )]
    ReadBack { segment: String, reason: String },
    #[error(
        "{segment} lies in {other} as well\nhint: somebody copied it; `comptoir-logship audit verify` tells which is the right one, delete the other"
    )]
    Twice { segment: String, other: String },
    #[error("a segment can't be compressed: {0}")]
    Compress(io::Error),
    #[error("the chain's head can't be kept in {place}: {cause}")]
    Anchor { place: String, cause: LakeError },
    /// Another owner has taken over.
    #[error("another shipper has taken over")]
    Superseded,
}

impl From<LakeError> for SealError {
    fn from(error: LakeError) -> Self {
        Self::Archive(error.into())
    }
}

/// What is wrong with a key file.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{doing} {path}: {cause}\nhint: can this user read and write the key's directory?")]
    Io {
        doing: &'static str,
        path: String,
        cause: io::Error,
    },
    #[error(
        "{path} holds no Ed25519 private key in PEM\nhint: `comptoir-logship keygen` makes one, in another file"
    )]
    NoKey { path: String },
    #[error(
        "others than its owner can read {path}\nhint: `chmod 600 {path}`, and make a new key if somebody may have read it"
    )]
    Readable { path: String },
    #[error(
        "{path} exists already\nhint: `comptoir-logship keygen --rotate` lets the key that is there sign a new one"
    )]
    Exists { path: String },
    #[error("the operating system gives no random numbers")]
    NoRandom,
    #[error(
        "{path} is damaged: {reason}\nhint: without it, keys that were replaced can't be followed"
    )]
    Endorsements { path: String, reason: String },
}
