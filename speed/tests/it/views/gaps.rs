//! What the log does not have any more: holes, blind windows, lost tails, other lives.

use super::recomputed::Figures;
use super::till::{Sent, Till};
use super::world::{Kind, PATIENCE, World};
use comptoir_model::ids::{Partition, StreamId};
use rdkafka::admin::AdminOptions;
use rdkafka::{Offset, TopicPartitionList};
use std::fs::OpenOptions;

const GAPS: &str = "SELECT kind, start_offset, end_offset FROM gaps ORDER BY kind, start_offset";
/// Offsets of Kafka within which an id is a duplicate.
pub(crate) const REACH: usize = 200_000;

impl World {
    /// As retention does it: partition 0 begins at `offset` now.
    pub(crate) async fn delete_before(&self, offset: usize) {
        let mut list = TopicPartitionList::new();
        let offset = Offset::Offset(i64::try_from(offset).unwrap());
        (list.add_partition_offset(&self.topic, 0, offset)).unwrap();
        let deleted = self
            .admin()
            .delete_records(&list, &AdminOptions::new())
            .await;
        for element in deleted.unwrap().elements() {
            element.error().unwrap();
        }
    }

    /// Deletes the topic and creates it again; answers with the stream that ended.
    pub(crate) async fn create_topic_anew(&self) -> StreamId {
        let ended = self.transport.stream().await.unwrap().id;
        self.delete_topic().await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            // Kafka forgets a topic a moment later.
            match self.transport.create_topic(self.partitions, 1).await {
                Ok(stream) if stream.id != ended => return ended,
                other => assert!(tokio::time::Instant::now() < deadline, "{other:?}"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Waits until the sink stands at the end of each partition.
    async fn read_to_the_end(&self) {
        for partition in 0..self.partitions {
            let bounds = self
                .transport
                .log_bounds(Partition(partition))
                .await
                .unwrap();
            let sql = format!(
                "SELECT o.next_offset FROM offsets o JOIN stream_partitions p \
                 ON p.id = o.partition_id WHERE p.partition_number = {partition}"
            );
            self.until(&sql, &bounds.1.0.to_string()).await;
        }
    }
}

/// The records of partition 0 stand at the offsets from 0.
pub(crate) fn split(sent: &[Sent], offset: usize) -> (Vec<Sent>, Vec<Sent>) {
    let mut number = 0;
    sent.iter().cloned().partition(|record| {
        number += usize::from(record.partition == 0);
        record.partition == 0 && number <= offset
    })
}

pub(crate) fn of_partition_0(sent: &[Sent]) -> usize {
    sent.iter().filter(|record| record.partition == 0).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_gone_are_a_recorded_hole_and_nothing_else_is_missing() {
    World::with(Kind::KafkaMariaDb, async |world: &World| {
        let mut till = Till::new(world.partitions);
        world.send(&till.mixed(600)).await;
        let first = of_partition_0(&till.sent) / 2;
        world.delete_before(first).await;
        let sink = world.sink().await;
        world.read_to_the_end().await;
        let (_, mut kept) = split(&till.sent, first);
        world
            .figures()
            .await
            .assert_equals(&Figures::recompute(&kept));
        let wanted = format!("blind {first} {}\nlost 0 {first}", first + REACH);
        world.until(GAPS, &wanted).await;
        let metrics = sink.get("/metrics").await.1;
        assert!(
            metrics.contains("comptoir_views_holes_total 1"),
            "{metrics}"
        );
        sink.stop().await;
        // A second one, behind the position.
        let next = of_partition_0(&till.sent);
        let more: Vec<_> = (0..100)
            .map(|_| {
                let bytes = till.event().to_string().into_bytes();
                Till::record(0, bytes, None)
            })
            .collect();
        world.send(&more).await;
        world.delete_before(next + 40).await;
        let sink = world.sink().await;
        world.read_to_the_end().await;
        kept.extend_from_slice(&more[40..]);
        world
            .figures()
            .await
            .assert_equals(&Figures::recompute(&kept));
        let wanted = format!(
            "blind {first} {}\nblind {} {}\nlost 0 {first}\nlost {next} {}",
            first + REACH,
            first + REACH,
            next + 40 + REACH,
            next + 40
        );
        world.until(GAPS, &wanted).await;
        sink.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_can_not_be_rebuilt_is_recorded_once() {
    World::with(Kind::KafkaMariaDb, async |world: &World| {
        let mut till = Till::new(world.partitions);
        world.send(&till.mixed(600)).await;
        let sink = world.sink().await;
        world.assert_counted(&till.sent).await;
        sink.stop().await;
        let next = of_partition_0(&till.sent);
        world.delete_before(next / 2).await;
        let wanted = format!("blind {next} {}", next / 2 + REACH);
        for _ in 0..2 {
            let before = till.sent.len();
            for _ in 0..30 {
                let bytes = till.event().to_string().into_bytes();
                let record = Till::record(0, bytes, None);
                till.sent.push(record);
            }
            world.send(&till.sent[before..]).await;
            let sink = world.sink().await;
            world.assert_counted(&till.sent).await;
            world.until(GAPS, &wanted).await;
            sink.stop().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_tail_stops_its_partition_and_no_other() {
    World::with(Kind::JsonlSqlite, async |world: &World| {
        let mut till = Till::new(world.partitions);
        world.send(&till.mixed(300)).await;
        let sink = world.sink().await;
        world.assert_counted(&till.sent).await;
        sink.stop().await;
        let file = (world.directory.path()).join(format!("live/{}/0.jsonl", world.topic));
        let file = OpenOptions::new().write(true).open(file).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        let sink = world.sink().await;
        sink.says("failed: partition 0: the log ends at offset")
            .await;
        let before = till.sent.len();
        for partition in [1, 2] {
            let bytes = till.event().to_string().into_bytes();
            let record = Till::record(partition, bytes, None);
            till.sent.push(record);
        }
        world.send(&till.sent[before..]).await;
        world.assert_counted(&till.sent).await;
        let metrics = sink.get("/metrics").await.1;
        assert!(
            metrics.contains("comptoir_views_partitions{state=\"stopped\"} 1"),
            "{metrics}"
        );
        world
            .until(
                "SELECT state FROM processes WHERE name = 'views' ORDER BY seen_at_ms DESC LIMIT 1",
                "failed",
            )
            .await;
        sink.stop().await;
    })
    .await;
}

async fn a_topic_that_is_created_anew_is_another_stream(world: &World) {
    let mut till = Till::new(world.partitions);
    world.send(&till.mixed(200)).await;
    let sink = world.sink().await;
    world.judged(200).await;
    let first = world.create_topic_anew().await;
    // Other ids: what was in the first life is no duplicate in the second.
    let mut second = Till::new(world.partitions);
    world.send(&second.mixed(200)).await;
    let mut all = till.sent.clone();
    all.append(&mut second.sent);
    world.assert_counted(&all).await;
    let ended = "SELECT stream FROM streams WHERE ended_at_ms IS NOT NULL";
    world.until(ended, &first.0).await;
    sink.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_life_of_a_jsonl_topic() {
    World::with(
        Kind::JsonlSqlite,
        a_topic_that_is_created_anew_is_another_stream,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_life_of_a_kafka_topic() {
    World::with(
        Kind::KafkaMariaDb,
        a_topic_that_is_created_anew_is_another_stream,
    )
    .await;
}
