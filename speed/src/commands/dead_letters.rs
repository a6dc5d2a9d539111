//! `comptoir-speed dead-letters`.

use crate::cli::{Outcome, TransportArgs, WarehouseArgs};
use crate::dead_letters::{Correction, Excerpt, Exported, Place, Replayed, Replayer};
use crate::transport::Transport;
use crate::warehouse;
use anyhow::Context;
use comptoir_config::{Settings, Sources, clock};
use comptoir_warehouse::{DeadLetterFilter, StoredLetter, Warehouse};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Letters of a page of the export, or of a list.
const PAGE: usize = 500;
/// A record that is too large to be replayed is too large to be read from a file.
const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// List, show, export and replay what could not be counted
///
/// A dead letter is a record that is no event, with its bytes and the reason. Corrected, it is sent
/// again, and then counts like any other record.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-speed dead-letters ls --reason out_of_range
      lists the newest records with a value out of its range
  comptoir-speed dead-letters show 0b5cX/2/17 --raw > fix.json
      writes one record into a file, to be corrected
  comptoir-speed dead-letters replay 0b5cX/2/17 --file fix.json
      sends it again, once, through any crash
  comptoir-speed dead-letters export > letters.jsonl
      writes all of them, one JSON object a line")]
pub struct DeadLettersArgs {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    warehouse: WarehouseArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the newest, newest first
    Ls {
        #[command(flatten)]
        filter: FilterArgs,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show one with its bytes, reason and cure
    Show {
        /// As `ls` prints it: STREAM/PARTITION/OFFSET
        place: Place,
        /// Bytes in hex, even if they are text
        #[arg(long, conflicts_with = "raw")]
        hex: bool,
        /// The record's bytes and nothing else
        #[arg(long)]
        raw: bool,
    },
    /// Write all with their bytes, one JSON object a line
    Export {
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// Send one again, corrected or as it was
    Replay {
        /// As `ls` prints it: STREAM/PARTITION/OFFSET
        #[arg(required_unless_present = "unfinished")]
        place: Option<Place>,
        /// The corrected record; `-` is standard input [default: the record as it was]
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Even if it will be rejected again
        #[arg(long)]
        force: bool,
        /// Carry on all that were begun and not finished, as after a crash
        #[arg(long, conflicts_with_all = ["place", "file", "force"])]
        unfinished: bool,
    },
}

#[derive(Debug, clap::Args)]
struct FilterArgs {
    /// Only those with this reason, as `too_large` or `not_json`
    #[arg(long, value_name = "NAME")]
    reason: Option<String>,
}

impl DeadLettersArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        self.warehouse.add_to(self.transport.add_to(sources))
    }
}

pub(crate) async fn run(args: &DeadLettersArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let warehouse = warehouse::of(&settings.warehouse)?;
    match &args.command {
        Command::Ls {
            filter,
            limit,
            json,
        } => {
            let mut left = *limit;
            let page = |left: usize| left.min(PAGE);
            let mut filter = filter.first_page();
            let mut out = io::stdout().lock();
            while left > 0 {
                let letters = warehouse.dead_letters(&filter, page(left)).await?;
                let Some(last) = letters.last() else { break };
                filter.after = Some(last.key.clone());
                left -= letters.len().min(left);
                for letter in letters {
                    list(letter, *json, &mut out)?;
                }
            }
        }
        Command::Show { place, hex, raw } => {
            let letter = letter_at(&warehouse, place).await?;
            show(&letter, *hex, *raw, &mut io::stdout().lock())?;
        }
        Command::Export { filter } => {
            export(&warehouse, filter.first_page(), &mut io::stdout().lock()).await?;
        }
        Command::Replay {
            place,
            file,
            force,
            unfinished: _,
        } => {
            let transport = Transport::open(&settings.transport)?;
            match place {
                Some(place) => {
                    let correction = match file {
                        Some(file) => Correction::Record(read_record_file(file)?),
                        None => Correction::AsItWas,
                    };
                    replay(&warehouse, &transport, place, correction, *force).await?;
                }
                None => {
                    for open in warehouse.open_replays().await? {
                        let place = Place::of(&open.letter);
                        replay(&warehouse, &transport, &place, Correction::AsItWas, true).await?;
                    }
                }
            }
        }
    }
    Ok(Outcome::Fine)
}

impl FilterArgs {
    fn first_page(&self) -> DeadLetterFilter {
        DeadLetterFilter {
            reason: self.reason.clone(),
            after: None,
        }
    }
}

fn list(letter: StoredLetter, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        serde_json::to_writer(&mut *out, &Exported::from(letter))?;
        writeln!(out)?;
        return Ok(());
    }
    let place = Place::of(&letter.key).to_string();
    let found_at = letter.found_at.strftime("%Y-%m-%dT%H:%M:%SZ");
    let detail = letter.detail.escape_debug();
    let StoredLetter { reason, size, .. } = &letter;
    writeln!(
        out,
        "{place}  {found_at}  {size:>8} B  {reason:<18}  {detail}"
    )?;
    Ok(())
}

async fn letter_at(warehouse: &Warehouse, place: &Place) -> anyhow::Result<StoredLetter> {
    let letter = warehouse.dead_letter(&place.key()).await?;
    letter.with_context(|| {
        format!("there is no dead letter at {place}\nhint: comptoir-speed dead-letters ls")
    })
}

fn show(letter: &StoredLetter, hex: bool, raw: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let bytes = letter.bytes.as_deref().unwrap_or_default();
    if raw {
        out.write_all(bytes)?;
        return Ok(());
    }
    let excerpt = Excerpt {
        bytes,
        bytes_max: 16 * 1024,
        hex,
    };
    writeln!(out, "place      {}", Place::of(&letter.key))?;
    writeln!(out, "reason     {}", letter.reason)?;
    writeln!(out, "detail     {}", letter.detail.escape_debug())?;
    writeln!(out, "cure       {}", letter.cure.escape_debug())?;
    writeln!(out, "produced   {}", letter.record_timestamp)?;
    writeln!(out, "found      {}", letter.found_at)?;
    writeln!(
        out,
        "size       {} bytes, {} kept",
        letter.size,
        bytes.len()
    )?;
    write!(out, "\n{excerpt}")?;
    Ok(())
}

async fn export(
    warehouse: &Warehouse,
    mut filter: DeadLetterFilter,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    loop {
        let letters = warehouse.dead_letters(&filter, PAGE).await?;
        let Some(last) = letters.last() else {
            return Ok(());
        };
        filter.after = Some(last.key.clone());
        for letter in letters {
            // One at a time: its bytes may be many.
            if let Some(letter) = warehouse.dead_letter(&letter.key).await? {
                serde_json::to_writer(&mut *out, &Exported::from(letter))?;
                writeln!(out)?;
            }
        }
    }
}

fn read_record_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin()
            .lock()
            .take(RECORD_BYTES_MAX)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(RECORD_BYTES_MAX).read_to_end(&mut bytes))
    };
    read.with_context(|| {
        let path = path.display();
        format!("can't read {path}\nhint: give the file of the corrected record, or - for standard input")
    })?;
    // Editors end the last line.
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(bytes)
}

async fn replay(
    warehouse: &Warehouse,
    transport: &Transport,
    place: &Place,
    correction: Correction,
    force: bool,
) -> anyhow::Result<()> {
    let now = clock::now();
    let replayed = Replayer::replay(warehouse, transport, place, correction, force, now).await?;
    let mut out = io::stdout().lock();
    match replayed {
        Replayed::Sent => writeln!(out, "{place} is sent")?,
        Replayed::Found(partition, offset) => writeln!(
            out,
            "{place} was sent before: it stands at offset {} of partition {}",
            offset.0, partition.0
        )?,
    }
    Ok(())
}
