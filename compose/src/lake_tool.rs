//! `comptoir lake`: the lake for a terminal, whichever backend it has.

use anyhow::{Result, anyhow};
use clap::Subcommand;
use comptoir_config::LakeSettings;
use comptoir_lake::published::{list_described, piece};
use comptoir_lake::{Entry, EntryKind, Lake, LakeError, LakeOptions, LakePath};
use serde_json::json;
use std::io::{ErrorKind, Write};

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  comptoir lake ls /
  comptoir lake du /user")]
pub enum LakeCommand {
    /// List a directory, or show one file: kind, bytes, rows, time, owner, path
    ///
    /// Rows are those that the manifest beside a part says, and the lines of a piece of a log; `-`
    /// where nobody counted.
    #[command(after_help = "\
Examples:
  comptoir lake ls /user/sqoop/sales
  comptoir lake ls /user/sqoop/.comptoir/sales
  comptoir lake ls /user/sqoop/sales --json | jq -s 'map(.rows // 0) | add'")]
    Ls {
        path: LakePath,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
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
  comptoir lake du /user/sqoop
  comptoir lake du /user --json | tail -1")]
    Du {
        path: LakePath,
        /// One JSON object a line; the last one is the sum
        #[arg(long)]
        json: bool,
    },
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
        LakeCommand::Ls { path, json } => ls(lake, path, *json, &mut out).await,
        LakeCommand::Cat { paths } => cat(lake, paths, &mut out).await,
        LakeCommand::Du { path, json } => du(lake, path, *json, &mut out).await,
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

async fn ls(lake: &Lake, path: &LakePath, as_json: bool, out: &mut impl Write) -> Result<()> {
    for (entry, rows) in counted(lake, path).await? {
        let Entry {
            kind,
            length,
            modified,
            owner,
            path,
        } = entry;
        if as_json {
            let line = json!({
                "path": path.as_str(), "kind": kind.to_string(), "bytes": length, "rows": rows,
                "modified": modified, "owner": owner,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        let kind = match kind {
            EntryKind::File => '-',
            EntryKind::Directory => 'd',
        };
        let rows = rows.map_or_else(|| "-".to_owned(), |rows| rows.to_string());
        let time = modified.strftime("%Y-%m-%dT%H:%M:%SZ");
        writeln!(
            out,
            "{kind} {length:>12} {rows:>10} {time} {owner:<8} {path}"
        )?;
    }
    Ok(out.flush()?)
}

/// What a directory holds, or the file itself, with the rows where they are known.
async fn counted(lake: &Lake, path: &LakePath) -> Result<Vec<(Entry, Option<u64>)>> {
    let entry = found(lake, path).await?;
    // The manifest lies beside the files that it counts.
    let directory = match entry.kind {
        EntryKind::Directory => path.clone(),
        EntryKind::File => path.parent().unwrap_or_else(LakePath::root),
    };
    let (entries, described) = list_described(lake, &directory).await?;
    let rows = |entry: &Entry| {
        let expected = described
            .as_ref()
            .and_then(|described| described.files.get(entry.name()).copied());
        expected.or_else(|| piece(entry.name()))?.rows
    };
    let asked = |entry: &Entry| directory == *path || entry.path == *path;
    Ok((entries.into_iter().filter(asked))
        .map(|entry| {
            let rows = rows(&entry);
            (entry, rows)
        })
        .collect())
}

async fn cat(lake: &Lake, paths: &[LakePath], out: &mut impl Write) -> Result<()> {
    for path in paths {
        let opened = lake.open_read(path).await;
        let mut reader = opened.map_err(|error| match error {
            LakeError::NotFound { .. } => nothing_at(path),
            LakeError::WrongKind { .. } => {
                anyhow!("{path} is a directory\nhint: comptoir lake ls {path} shows its files")
            }
            error => error.into(),
        })?;
        while let Some(chunk) = reader.next_chunk().await? {
            out.write_all(&chunk)?;
        }
    }
    Ok(out.flush()?)
}

async fn du(lake: &Lake, path: &LakePath, as_json: bool, out: &mut impl Write) -> Result<()> {
    let entry = found(lake, path).await?;
    let entries = match entry.kind {
        EntryKind::File => vec![entry],
        EntryKind::Directory => lake.list(path).await?,
    };
    let mut total = 0;
    let mut line = |path: &LakePath, name: &str, bytes: u64| {
        if as_json {
            writeln!(out, "{}", json!({ "path": path.as_str(), "bytes": bytes }))
        } else {
            writeln!(out, "{bytes:>14} {name}")
        }
    };
    for entry in entries {
        let bytes = bytes_below(lake, &entry).await?;
        total += bytes;
        line(&entry.path, entry.path.as_str(), bytes)?;
    }
    Ok(line(path, "total", total)?)
}

async fn found(lake: &Lake, path: &LakePath) -> Result<Entry> {
    (lake.stat(path).await?).ok_or_else(|| nothing_at(path))
}

fn nothing_at(path: &LakePath) -> anyhow::Error {
    anyhow!("the lake has no {path}\nhint: comptoir lake ls / shows where to begin")
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
