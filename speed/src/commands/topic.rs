//! `comptoir-speed topic create|describe`.

use crate::cli::{Outcome, TransportArgs};
use crate::transport::{PartitionDescription, TopicDescription, Transport};
use clap::Subcommand;
use comptoir_config::{Key, Settings, Sources};
use std::io::{self, Write};

/// Create the topic, or describe it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  comptoir-speed topic create
      succeeds too if the topic is there already
  comptoir-speed topic create --transport kafka:broker:9092 --partitions 6 --replication 3
  comptoir-speed topic describe --topic transactions")]
pub struct TopicArgs {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    transport: TransportArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create the topic, succeeding if it is already there
    Create {
        /// [default: `transport.partitions`, which is 3]
        #[arg(long, value_name = "N")]
        partitions: Option<u32>,
        /// How many brokers keep each record [default: `transport.replication`, which is 1]
        #[arg(long, value_name = "N")]
        replication: Option<u32>,
    },
    /// Show the topic's id, and leader, replicas and bounds of each partition
    Describe,
}

impl TopicArgs {
    pub(crate) fn add_to(&self, sources: Sources) -> Sources {
        let sources = self.transport.add_to(sources);
        match &self.action {
            Action::Describe => sources,
            Action::Create {
                partitions,
                replication,
            } => sources
                .flag(Key::TransportPartitions, "--partitions", *partitions)
                .flag(Key::TransportReplication, "--replication", *replication),
        }
    }
}

pub(crate) async fn run(args: &TopicArgs, settings: &Settings) -> anyhow::Result<Outcome> {
    let transport = Transport::open(&settings.transport)?;
    if let Action::Create { .. } = args.action {
        let count = &settings.transport;
        transport
            .create_topic(count.partitions, count.replication)
            .await?;
    }
    print(&transport.describe().await?, &mut io::stdout().lock())?;
    Ok(Outcome::Fine)
}

fn print(description: &TopicDescription, out: &mut dyn Write) -> io::Result<()> {
    let stream = &description.stream;
    writeln!(out, "topic   {}", stream.topic)?;
    writeln!(out, "stream  {}", stream.id.0)?;
    writeln!(
        out,
        "\n{:>9} {:>6} {:<12} {:<12} {:>16} {:>16}",
        "partition", "leader", "replicas", "in sync", "start", "end"
    )?;
    for partition in &description.partitions {
        let PartitionDescription {
            partition,
            leader,
            replicas,
            in_sync,
            bounds,
        } = partition;
        let (start, end) = bounds.unzip();
        writeln!(
            out,
            "{:>9} {:>6} {:<12} {:<12} {:>16} {:>16}",
            partition.0,
            shown(*leader),
            list(replicas),
            list(in_sync),
            shown(start.map(|offset| offset.0)),
            shown(end.map(|offset| offset.0)),
        )?;
    }
    Ok(())
}

fn shown(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn list(brokers: &[i32]) -> String {
    if brokers.is_empty() {
        return "-".to_owned();
    }
    let brokers: Vec<_> = brokers.iter().map(ToString::to_string).collect();
    brokers.join(",")
}
