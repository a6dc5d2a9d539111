//! A local file against what the archive has of it.

use crate::archive::digest::Digest;
use crate::archive::names::LifeNumber;
use crate::archive::records::HEAD_BYTES_MAX;
use crate::archive::{Archive, ArchiveError, ArchivedLife};
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// What a file is to the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// No life begins with what it begins with.
    Unknown,
    /// All of it is archived as `life`, from `first` on.
    Same {
        life: LifeNumber,
        first: u64,
        bytes: u64,
    },
    /// The archive has its bytes up to here; the file goes on.
    Longer { life: LifeNumber, archived: u64 },
    /// The file ends before what the archive has.
    Shorter {
        life: LifeNumber,
        bytes: u64,
        archived: u64,
    },
    /// The first byte that is another one.
    Differs { life: LifeNumber, at: u64 },
    /// These bytes of the life expired, and what the file has there has not their SHA-256.
    DiffersInExpired {
        life: LifeNumber,
        from: u64,
        to: u64,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("{path} can't be read: {cause}")]
    Read { path: PathBuf, cause: io::Error },
}

/// Compares with each life that begins like it, and gives what fits best.
pub async fn compare(archive: &mut Archive, path: &Path) -> Result<Comparison, CompareError> {
    let failed = |cause| CompareError::Read {
        path: path.to_owned(),
        cause,
    };
    let file = File::open(path).await.map_err(failed)?;
    let mut head = Vec::new();
    let mut beginning = file.take(HEAD_BYTES_MAX as u64);
    beginning.read_to_end(&mut head).await.map_err(failed)?;
    let mut file = beginning.into_inner();
    let fitting = archive.lives().filter(|life| life.sidecar.head.fits(&head));
    let fitting: Vec<(LifeNumber, u64)> = fitting
        .map(|life| (life.sidecar.life, life.sidecar.first))
        .collect();
    let mut best = (0, Comparison::Unknown);
    for (life, first) in fitting {
        file.seek(io::SeekFrom::Start(first))
            .await
            .map_err(failed)?;
        let (agreeing, comparison) =
            with_life(archive, &mut file, life, first)
                .await
                .map_err(|error| match error {
                    LifeError::Archive(error) => CompareError::Archive(error),
                    LifeError::Read(cause) => failed(cause),
                })?;
        if best.1 == Comparison::Unknown || agreeing > best.0 {
            best = (agreeing, comparison);
        }
    }
    Ok(best.1)
}

/// Of the next bytes of a file.
async fn sum_of(file: &mut File, bytes: u64) -> io::Result<Digest> {
    let mut part = file.take(bytes);
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match part.read(&mut buffer).await? {
            0 => return Ok(sum.finalize().into()),
            read => sum.update(&buffer[..read]),
        }
    }
}

enum LifeError {
    Archive(ArchiveError),
    Read(io::Error),
}

/// How many bytes agree, and what that means.
async fn with_life(
    archive: &mut Archive,
    file: &mut File,
    life: LifeNumber,
    first: u64,
) -> Result<(u64, Comparison), LifeError> {
    let mut offset = first;
    let expired = archive.life(life).map(|life| life.expired().to_vec());
    for sealed in expired.unwrap_or_default() {
        let (from, to) = (sealed.start, sealed.end);
        if sum_of(file, to - from).await.map_err(LifeError::Read)? != sealed.raw_sha256 {
            return Ok((offset, Comparison::DiffersInExpired { life, from, to }));
        }
        offset = to;
    }
    let mut buffer = Vec::new();
    loop {
        let read = archive.read_from(life, offset).await;
        let Some(archived) = read.map_err(LifeError::Archive)? else {
            break;
        };
        buffer.clear();
        let mut part = (&mut *file).take(archived.len() as u64);
        part.read_to_end(&mut buffer)
            .await
            .map_err(LifeError::Read)?;
        let agreeing = archived.iter().zip(&buffer).take_while(|(a, b)| a == b);
        let agreeing = agreeing.count();
        offset += agreeing as u64;
        if agreeing < buffer.len() {
            return Ok((offset, Comparison::Differs { life, at: offset }));
        }
        if agreeing < archived.len() {
            let archived = archive.life(life).map_or(offset, ArchivedLife::end_offset);
            let bytes = offset;
            return Ok((
                offset,
                Comparison::Shorter {
                    life,
                    bytes,
                    archived,
                },
            ));
        }
    }
    let has_more = file.read(&mut [0]).await.map_err(LifeError::Read)? > 0;
    let comparison = if has_more {
        Comparison::Longer {
            life,
            archived: offset,
        }
    } else {
        Comparison::Same {
            life,
            first,
            bytes: offset - first,
        }
    };
    Ok((offset, comparison))
}
