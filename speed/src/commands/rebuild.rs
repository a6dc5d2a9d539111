//! `comptoir-speed rebuild`.

use crate::archive;
use crate::cli::{Outcome, TableArgs, TransportArgs, WarehouseArgs};
use crate::rebuild::{Missing, Rebuilt, rebuild};
use crate::transport::Transport;
use crate::warehouse;
use comptoir_config::{Settings, Sources};
use std::io::{self, Write};
use tracing::warn;

/// Fill an empty or lost warehouse from the archive
///
/// Every archived record is counted once, with the archive's verdict: totals, dead letters, the
/// newest transactions and names. The views sink then goes on where the archive ends, and `views run
/// live` takes the place of the buckets. It may be interrupted and run again: it goes on where it
/// was. A warehouse that is not behind the archive stays as it is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stop `comptoir-speed views` meanwhile: whoever counts a partition at the same time ends this.
What the archive does not have (imports' history, jobs, replays of dead letters) does not come back:
back up the warehouse for that. So it is with days that the archive has forgotten (archive.keep_days):
what is left of them counts, what is missing is on record as lost, and how many records it was is said.

Examples:
  comptoir-speed rebuild
      5210 records of 3 partitions were counted from file:///srv/shop/.comptoir/lake/bronze/transactions
  comptoir-speed rebuild && comptoir-batch views run && comptoir-speed views
      the whole way back"
)]
pub struct RebuildArgs {
    #[command(flatten)]
    transport: TransportArgs,
    #[command(flatten)]
    warehouse: WarehouseArgs,
    #[command(flatten)]
    table: TableArgs,
}

impl RebuildArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        let sources = self.warehouse.add_to(self.transport.add_to(sources));
        self.table.add_to(sources)
    }
}

pub(crate) async fn run(_args: &RebuildArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let transport = Transport::open(&settings.transport)?;
    let warehouse = warehouse::of(&settings.warehouse)?;
    let table = archive::table(&settings.lake, &settings.archive)?;
    let source = (transport.kind(), transport.topic());
    let Rebuilt {
        partitions,
        records,
        missing,
    } = rebuild(&table, &warehouse, source).await?;
    writeln!(
        io::stdout(),
        "{records} records of {partitions} partitions were counted from {table}"
    )?;
    if let Some(Missing { before, records }) = missing {
        let records = records.map_or("records".to_owned(), |records| format!("{records} records"));
        warn!(
            "the archive has forgotten {records} of days before {before}: figures of these days are \
             not whole, and the page shows their offsets as lost\nhint: a copy of the warehouse has them"
        );
    }
    Ok(Outcome::Fine)
}
