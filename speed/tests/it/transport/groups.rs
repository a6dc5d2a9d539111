//! Partitions that come and go.

use super::world::{PATIENCE, World, assigned, bytes, event, read_records, read_until};
use comptoir_model::ids::{Offset, Partition};
use comptoir_speed::transport::{Assignment, Consumer, ConsumerEvent, Step};
use std::collections::BTreeMap;

async fn all(consumer: &mut Consumer, count: u32) -> BTreeMap<Partition, Assignment> {
    let mut held = BTreeMap::new();
    while held.len() < count as usize {
        let assignment = assigned(consumer).await;
        held.insert(assignment.partition(), assignment);
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consumers_share_the_partitions_and_hand_them_over() {
    World::on_each(3, async |world: &World, stream| {
        world.send(&["a", "b"]).await;
        let mut first = world.consumer();
        let mut readers = Vec::new();
        for (_, assignment) in all(&mut first, stream.partitions).await {
            readers.push(assignment.start(Offset(0)).unwrap());
        }
        let mut second = world.consumer();
        // The group asks for some back; all others go on.
        let mut waiting = Vec::new();
        for reader in readers {
            waiting.push(tokio::spawn(read_until(reader, |_, step| {
                matches!(step, Step::Revoked)
            })));
        }
        let mut given = Vec::new();
        while given.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            let finished = waiting
                .iter()
                .position(tokio::task::JoinHandle::is_finished);
            if let Some(index) = finished {
                let (reader, _, step) = waiting.remove(index).await.unwrap();
                assert_eq!(step, Step::Revoked);
                given.push(reader.partition());
            }
        }
        let taken = assigned(&mut second).await;
        assert!(given.contains(&taken.partition()));
        // The first one leaves: the rest comes over too.
        let (closed, rest) = tokio::join!(first.close(PATIENCE), async {
            for task in waiting {
                let (reader, _, step) = task.await.unwrap();
                assert_eq!(step, Step::Revoked);
                drop(reader);
            }
            let mut held = BTreeMap::from([(taken.partition(), taken)]);
            while held.len() < stream.partitions as usize {
                let assignment = assigned(&mut second).await;
                held.insert(assignment.partition(), assignment);
            }
            held
        });
        let () = closed;
        assert_eq!(rest.len(), stream.partitions as usize);
        drop(rest);
        second.close(PATIENCE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_whose_reader_was_dropped_comes_again() {
    World::on_each(1, async |world: &World, _| {
        world.send(&["a", "b"]).await;
        let (mut consumer, assignment) = world.first_partition().await;
        let (reader, _) = read_records(assignment.start(Offset(0)).unwrap(), 2).await;
        let position = reader.position();
        drop(reader);
        let assignment = loop {
            let assignment = assigned(&mut consumer).await;
            if assignment.partition() == Partition(0) {
                break assignment;
            }
        };
        world.send(&["c"]).await;
        let (reader, records) = read_records(assignment.start(position).unwrap(), 1).await;
        assert_eq!(bytes(&records), [b"c"]);
        drop(reader);
        consumer.close(PATIENCE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_waits_for_its_topic_and_notices_another_life_of_it() {
    for kind in super::world::Kind::ALL {
        let world = World::empty(kind);
        let mut consumer = world.consumer();
        let first = world.transport.create_topic(1, 1).await.unwrap();
        let ConsumerEvent::StreamStarted(started) = event(&mut consumer).await else {
            panic!("{kind:?}: the start of the stream comes first");
        };
        assert_eq!(started, first, "{kind:?}");
        world.send(&["a", "b"]).await;
        let assignment = loop {
            let assignment = assigned(&mut consumer).await;
            if assignment.partition() == Partition(0) {
                break assignment;
            }
        };
        let (reader, _) = read_records(assignment.start(Offset(0)).unwrap(), 2).await;
        world.delete_topic().await;
        let second = loop {
            // Kafka forgets a topic a moment later.
            match world.transport.create_topic(1, 1).await {
                Ok(stream) if stream.id != first.id => break stream,
                _ => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        };
        world.send(&["new"]).await;
        let (reader, records, step) =
            read_until(reader, |_, step| matches!(step, Step::StreamEnded)).await;
        assert_eq!((records.len(), step), (0, Step::StreamEnded), "{kind:?}");
        drop(reader);
        let mut ended = false;
        let assignment = loop {
            match event(&mut consumer).await {
                ConsumerEvent::StreamEnded(id) => {
                    assert_eq!(id, first.id, "{kind:?}");
                    ended = true;
                }
                ConsumerEvent::StreamStarted(stream) => {
                    assert!(ended, "{kind:?}");
                    assert_eq!(stream, second, "{kind:?}");
                }
                ConsumerEvent::Assigned(assignment)
                    if assignment.key().stream == second.id
                        && assignment.partition() == Partition(0) =>
                {
                    break assignment;
                }
                ConsumerEvent::Assigned(_) | ConsumerEvent::Broker(_) => {}
            }
        };
        let (reader, records) = read_records(assignment.start(Offset(0)).unwrap(), 1).await;
        assert_eq!(bytes(&records), [b"new"], "{kind:?}");
        drop(reader);
        consumer.close(PATIENCE).await;
        world.delete_topic().await;
    }
}
