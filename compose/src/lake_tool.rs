//! `comptoir lake`: the lake for a terminal, whichever backend it has.

use anyhow::{Context, Result};
use clap::Subcommand;
use comptoir_config::LakeSettings;
use comptoir_lake::{Entry, EntryKind, Lake, LakeOptions, LakePath};
use std::io::{ErrorKind, Write};

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  comptoir lake ls /
  comptoir lake du /user")]
pub enum LakeCommand {
    /// List a directory, or show one file: kind, bytes, time, owner, path
    #[command(after_help = "\
Examples:
  comptoir lake ls /user/sqoop/sales
  comptoir lake ls /user/sqoop/.comptoir/sales")]
    Ls { path: LakePath },
    /// Write files to stdout, one after the other
    #[command(after_help = "\
Examples:
  comptoir lake cat /user/sqoop/sales/part-m-00000 | head
  comptoir lake cat /user/sqoop/sales/_manifest-1")]
    Cat {
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<LakePath>,
    },
    /// Add up the bytes below each entry of a directory, then those of all
    #[command(after_help = "\
Examples:
  comptoir lake du /user/sqoop")]
    Du { path: LakePath },
}

pub fn open(settings: &LakeSettings) -> comptoir_lake::Result<Lake> {
    let options = LakeOptions {
        timeout: settings.timeout,
        hadoop_conf_dir: settings.hadoop_conf_dir.clone(),
    };
    Lake::open(&settings.url.to_string(), options)
}

pub async fn run(lake: &Lake, command: &LakeCommand) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let done = match command {
        LakeCommand::Ls { path } => ls(lake, path, &mut out).await,
        LakeCommand::Cat { paths } => cat(lake, paths, &mut out).await,
        LakeCommand::Du { path } => du(lake, path, &mut out).await,
    };
    match done {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        done => done,
    }
}

/// `| head` has seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

async fn ls(lake: &Lake, path: &LakePath, out: &mut impl Write) -> Result<()> {
    for entry in entries(lake, path).await? {
        let kind = match entry.kind {
            EntryKind::File => '-',
            EntryKind::Directory => 'd',
        };
        let time = entry.modified.strftime("%Y-%m-%dT%H:%M:%SZ");
        let Entry {
            length,
            owner,
            path,
            ..
        } = entry;
        writeln!(out, "{kind} {length:>12} {time} {owner:<8} {path}")?;
    }
    Ok(())
}

async fn cat(lake: &Lake, paths: &[LakePath], out: &mut impl Write) -> Result<()> {
    for path in paths {
        let mut reader = lake.open_read(path).await?;
        while let Some(chunk) = reader.next_chunk().await? {
            out.write_all(&chunk)?;
        }
    }
    Ok(out.flush()?)
}

async fn du(lake: &Lake, path: &LakePath, out: &mut impl Write) -> Result<()> {
    let mut total = 0;
    for entry in entries(lake, path).await? {
        let bytes = bytes_below(lake, &entry).await?;
        total += bytes;
        writeln!(out, "{bytes:>14} {}", entry.path)?;
    }
    Ok(writeln!(out, "{total:>14} total")?)
}

/// What a directory holds, or the file itself.
async fn entries(lake: &Lake, path: &LakePath) -> Result<Vec<Entry>> {
    let entry = (lake.stat(path).await?).with_context(|| {
        format!("the lake has no {path}\nhint: comptoir lake ls / shows where to begin")
    })?;
    Ok(match entry.kind {
        EntryKind::File => vec![entry],
        EntryKind::Directory => lake.list(path).await?,
    })
}

async fn bytes_below(lake: &Lake, entry: &Entry) -> Result<u64> {
    let mut bytes = 0;
    let mut open = vec![entry.clone()];
    while let Some(entry) = open.pop() {
        match entry.kind {
            EntryKind::File => bytes += entry.length,
            EntryKind::Directory => open.extend(lake.list(&entry.path).await?),
        }
    }
    Ok(bytes)
}
