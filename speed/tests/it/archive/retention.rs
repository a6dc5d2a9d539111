//! Rows go after their time, and never before everybody who reads the archive has them.

use super::rebuild::{fill, lose};
use super::shore::{Shore, on_both};
use crate::views::dead_letters::COVERAGE;
use crate::views::till::Till;
use crate::views::world::Kind;
use comptoir_bronze::{OutputTable, Replaced, Snapshot, Sweep};
use comptoir_config::clock;
use comptoir_model::ids::{JobName, Offset, RunId};
use comptoir_model::merge::PartitionKey;
use comptoir_model::verdict::Reach;
use comptoir_model::view_result::{InLake, LakeFormat, ViewAbout, ViewColumn, ViewName, ViewType};
use comptoir_speed::archive::{ArchiveRequest, Keeping};
use comptoir_speed::rebuild::Missing;
use comptoir_warehouse::JobOutcome;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const LONG_AGO: SignedDuration = SignedDuration::from_hours(24 * 20);

on_both! {
    rows_go_once_the_live_run_and_every_incremental_view_have_them
    what_was_forgotten_is_lost_to_a_warehouse_that_comes_back
}

impl Shore<'_> {
    fn keeping(&self, reach: u64) -> Keeping {
        Keeping {
            table: self.table.clone(),
            warehouse: self.world.request().warehouse,
            reach: Reach::new(reach),
            days: 9,
        }
    }

    /// Sends events of long ago, and a few of today.
    async fn trade(&self, till: &mut Till, old: usize, new: usize) {
        till.set_back(LONG_AGO);
        self.world.send(&till.mixed(old)).await;
        till.set_back(SignedDuration::ZERO);
        self.world.send(&till.mixed(new)).await;
        self.archived(till.sent.len()).await;
        self.world.judged(till.sent.len()).await;
    }

    /// How many went.
    async fn forget(&self, reach: u64) -> usize {
        let keeping = self.keeping(reach);
        let forgot = keeping.forget(clock::now(), Sweep::Delete).await;
        usize::try_from(forgot.unwrap().rows.total()).unwrap()
    }

    /// Rows of days that are old enough.
    async fn old(&self) -> usize {
        let first = (clock::now() - LONG_AGO / 2).to_zoned(TimeZone::UTC).date();
        let sql = format!("SELECT COUNT(*) FROM bronze WHERE day < DATE '{first}'");
        self.query(&sql).await[0].parse().unwrap()
    }

    async fn covered(&self) -> BTreeMap<PartitionKey, Offset> {
        let facts = self.world.warehouse.batch_facts().await.unwrap();
        (facts.partitions.into_iter())
            .map(|(key, recorded)| (key, recorded.current.unwrap().end))
            .collect()
    }

    /// How many rows the archive has that were not taken.
    async fn untaken(&self, taken: &BTreeMap<PartitionKey, Offset>) -> usize {
        let mut rows = 0;
        for key in self.covered().await.keys() {
            let end = taken.get(key).map_or(0, |end| end.0);
            let number = key.partition.0;
            let sql = format!(
                "SELECT COUNT(*) FROM bronze WHERE _partition = {number} AND _offset >= {end}"
            );
            rows += self.query(&sql).await[0].parse::<usize>().unwrap();
        }
        rows
    }

    /// The result of an incremental view that has taken so much, as `views run` leaves it.
    async fn publish(&self, run: &str, taken: &BTreeMap<PartitionKey, Offset>) {
        let now = clock::now();
        let directory = self.directory.join("silver").unwrap();
        let table = OutputTable::beside(&self.table, &directory).unwrap();
        let columns = vec![ViewColumn {
            name: "n".to_owned(),
            kind: ViewType::Integer,
        }];
        let covered: Vec<_> = (taken.iter())
            .map(|(key, end)| json!({"stream": key.stream, "partition": key.partition, "end": end}))
            .collect();
        let facts = json!({"run": run, "covered": covered}).to_string();
        let base = table.newest().await.unwrap();
        let writer = table.begin(base, columns.clone(), None, now);
        writer.commit(&Replaced::All, &facts).await.unwrap();
        let about = ViewAbout {
            description: "As silver is".to_owned(),
            columns,
            sources: Vec::new(),
            as_of: now,
            sha256: String::new(),
            lake: Some(InLake {
                format: LakeFormat::Delta,
                location: directory.to_string(),
                rows: 0,
                is_served: false,
            }),
            unknown: Vec::new(),
            broken: Vec::new(),
        };
        let name = ViewName::parse("as_silver").unwrap();
        let run = RunId::parse(run).unwrap();
        let warehouse = &self.world.warehouse;
        let writer = warehouse.begin_view_result(&name, &run, now).await.unwrap();
        writer.publish(&about, now).await.unwrap();
    }
}

async fn rows_go_once_the_live_run_and_every_incremental_view_have_them(shore: &Shore<'_>) {
    let world = shore.world;
    let mut till = Till::new(world.partitions);
    let (views, archive) = (world.sink().await, shore.sink().await);
    shore.trade(&mut till, 200, 20).await;
    archive.stop().await;
    let old = shore.old().await;
    assert!(old > 100, "{old}");
    let command = |arguments: &[&str]| {
        let mut command = shore.command(&[&["archive", "forget"], arguments].concat());
        let ended = command.output().unwrap();
        let said = [ended.stdout, ended.stderr].concat();
        (ended.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = command(&[]);
    assert!(code != Some(0) && said.contains("--keep-days"), "{said}");
    let (code, said) = command(&["--keep-days", "9", "--look"]);
    assert!(
        code == Some(0) && said.contains("no day is forgotten"),
        "{said}"
    );
    // Nothing is covered.
    assert_eq!(shore.forget(0).await, 0);
    views.stop().await;
    for statement in COVERAGE {
        world.sql(statement).await;
    }
    let covered = shore.covered().await;
    // A view has half of it, or of one partition nothing.
    let mut taken = covered.clone();
    for end in taken.values_mut() {
        end.0 /= 2;
    }
    let mut left = 220;
    for run in ["r-1", "r-2"] {
        shore.publish(run, &taken).await;
        let untaken = shore.untaken(&taken).await;
        assert!(untaken > 0, "{untaken}");
        left -= shore.forget(0).await;
        assert_eq!(shore.untaken(&taken).await, untaken, "{run}");
        assert_eq!(shore.archived_so_far().await, left);
        taken = covered.clone();
        taken.pop_first();
    }
    shore.publish("r-3", &covered).await;
    // What lies within reach of duplicates stays.
    assert_eq!(shore.forget(u64::MAX).await, 0);
    shore.forget(0).await;
    assert_eq!(shore.old().await, 0);
    let left = 220 - old;
    assert_eq!(shore.archived_so_far().await, left);
    // Nor do others by a clock that is ahead.
    let ahead = clock::now() + SignedDuration::from_hours(24 * 365);
    let forgot = shore.keeping(0).forget(ahead, Sweep::Delete).await;
    assert_eq!(forgot.unwrap().rows.total(), 0);
    // Both sinks go on where they were, and one of them keeps to it by itself.
    let request = ArchiveRequest {
        keep_days: Some(9),
        upkeep_every: Some(Duration::from_millis(500)),
        ..shore.request()
    };
    let archive = Shore::sink_of(request).await;
    let views = world.sink().await;
    world.send(&till.mixed(60)).await;
    shore.archived(left + 60).await;
    world.judged(280).await;
    let done = "SELECT COUNT(*) >= 1 FROM job_runs \
                WHERE job = 'archive.upkeep' AND outcome = 'done'";
    world.until(done, "1").await;
    let job = JobName::parse("archive.upkeep").unwrap();
    let runs = world.warehouse.job_runs(Some(&job), 10).await.unwrap();
    let failed = runs.iter().any(|run| run.outcome == JobOutcome::Failed);
    assert!(!failed, "{runs:?}");
    assert_eq!(shore.archived_so_far().await, left + 60);
    archive.stop().await;
    views.stop().await;
}

async fn what_was_forgotten_is_lost_to_a_warehouse_that_comes_back(shore: &Shore<'_>) {
    let world = shore.world;
    let mut till = Till::new(world.partitions);
    let (views, archive) = (world.sink().await, shore.sink().await);
    shore.trade(&mut till, 300, 20).await;
    views.stop().await;
    for statement in COVERAGE {
        world.sql(statement).await;
    }
    let reach = match world.kind {
        // Bytes.
        Kind::JsonlSqlite => 10_000,
        Kind::KafkaMariaDb | Kind::KafkaMySql => 20,
    };
    let gone = shore.forget(reach).await;
    assert!(0 < gone && gone < 300, "{gone} rows went");
    for table in ["view_runs", "view_current", "view_coverage"] {
        world.sql(&format!("DELETE FROM {table}")).await;
    }
    lose(shore).await;
    let rebuilt = fill(shore).await;
    assert_eq!(rebuilt.records, 320 - gone as u64);
    let snapshot = Snapshot::newest(&shore.table).await.unwrap().unwrap();
    let forgotten = snapshot.forgotten().unwrap().unwrap();
    let missing = Missing {
        before: forgotten.before,
        records: Some(gone as u64),
    };
    assert_eq!(rebuilt.missing, Some(missing));
    // It is on record, to the offset.
    let lost = "SELECT p.partition_number, MIN(g.start_offset), MAX(g.end_offset) FROM gaps g \
                JOIN stream_partitions p ON p.id = g.partition_id WHERE g.kind = 'lost' \
                GROUP BY p.partition_number ORDER BY 1";
    let below = forgotten.below.iter();
    let below = below.map(|(key, end)| [key.partition.0.into(), 0, end.0]);
    let below: Vec<_> = below.map(|row| row.map(|n: u64| n.to_string())).collect();
    assert_eq!(world.rows(lost).await, below);
    // What is left counts, and what comes goes on from there.
    assert_eq!(world.judged_so_far().await, 320 - gone);
    assert_eq!(fill(shore).await.records, 0);
    world.send(&till.mixed(60)).await;
    let views = world.sink().await;
    world.judged(380 - gone).await;
    shore.archived(380 - gone).await;
    let report = world.warehouse.reconcile(clock::now()).await.unwrap();
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    views.stop().await;
    archive.stop().await;
}
