//! What every transport keeps.

use super::world::Kind;
use super::world::{
    Kept, PATIENCE, World, bytes, read_records, read_to_end, read_until, send, stamp,
};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::PartitionKey;
use comptoir_speed::transport::{Message, ReplayOf, Step, TransportError};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_created_once_and_keeps_its_id() {
    World::on_each(3, async |world: &World, stream| {
        let again = world.transport.create_topic(5, 1).await.unwrap();
        assert_eq!(again, stream);
        assert_eq!(world.transport.stream().await.unwrap(), stream);
        let extra = u32::from(world.kind == Kind::Jsonl);
        assert_eq!(stream.partitions, 3 + extra);
        let description = world.transport.describe().await.unwrap();
        assert_eq!(description.stream, stream);
        for partition in description.partitions {
            assert_eq!(partition.bounds, Some((Offset(0), Offset(0))));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_topic_nothing_is_made_by_accident() {
    for kind in Kind::ALL {
        let world = World::empty(kind);
        for error in [
            world.transport.stream().await.unwrap_err(),
            world.transport.producer().await.unwrap_err(),
            world.transport.replay_producer("id").await.unwrap_err(),
        ] {
            assert!(matches!(error, TransportError::NoTopic { .. }), "{error}");
            assert!(error.to_string().contains("topic create"), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_come_in_order_with_all_their_bytes() {
    World::on_each(1, async |world: &World, stream| {
        let sent: Vec<&[u8]> = vec![b"a", b"", "\u{1f600}\n\"\\".as_bytes(), b"\xff\xfe", b"\0"];
        world.send(&sent).await;
        let (consumer, assignment) = world.first_partition().await;
        let partition = Partition(0);
        let stream = stream.id;
        assert_eq!(assignment.key(), &PartitionKey { stream, partition });
        let (reader, records) = read_to_end(assignment.start(Offset(0)).unwrap()).await;
        assert_eq!(bytes(&records), sent);
        assert!(records.is_sorted_by(|a, b| a.offset < b.offset));
        assert!(reader.position() > records[4].offset);
        for record in &records {
            assert_eq!(record.timestamp, stamp());
            assert_eq!(record.length, record.bytes.len() as u64);
        }
        let bounds = world.transport.log_bounds(partition).await.unwrap();
        assert_eq!(bounds, (Offset(0), reader.position()));
        drop(reader);
        consumer.close(PATIENCE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_resumes_at_any_position_and_goes_back() {
    World::on_each(1, async |world: &World, _| {
        let sent: Vec<_> = (0..2000).map(|number| format!("record {number}")).collect();
        world.send(&sent).await;
        let (consumer, assignment) = world.first_partition().await;
        let (mut reader, all) = read_to_end(assignment.start(Offset(0)).unwrap()).await;
        assert_eq!(all.len(), sent.len());
        for number in [0, 1, 777, 1999] {
            reader.seek(all[number].offset).unwrap();
            let (back, rest) = read_records(reader, all.len() - number).await;
            assert_eq!(rest, all[number..], "from {number}");
            reader = back;
        }
        // Half of what is fetched ahead is thrown away.
        reader.seek(Offset(0)).unwrap();
        let (mut reader, some) = read_records(reader, 10).await;
        assert_eq!(some[..10], all[..10]);
        reader.seek(all[5].offset).unwrap();
        let (reader, rest) = read_records(reader, all.len() - 5).await;
        assert_eq!(rest, all[5..]);
        let (transport, to) = (world.transport.clone(), all[20].offset);
        let from = all[10].offset;
        let range = tokio::task::spawn_blocking(move || {
            let mut range = Vec::new();
            let end = transport.read_range(Partition(0), from, to, PATIENCE, &mut |record| {
                range.push(Kept::of(&record));
                ControlFlow::Continue(())
            });
            (range, end.unwrap())
        });
        assert_eq!(range.await.unwrap(), (all[10..20].to_vec(), to));
        drop(reader);
        consumer.close(PATIENCE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_can_stop_at_any_record() {
    World::on_each(1, async |world: &World, _| {
        world.send(&["a", "b", "c"]).await;
        let (consumer, assignment) = world.first_partition().await;
        let reader = assignment.start(Offset(0)).unwrap();
        let reading = tokio::task::spawn_blocking(move || {
            let (mut reader, mut records) = (reader, Vec::new());
            while records.len() < 3 {
                let step = reader.read(PATIENCE, &mut |record| {
                    records.push(record.bytes.to_vec());
                    ControlFlow::Break(())
                });
                let step = step.unwrap();
                assert!(
                    matches!(step, Step::Stopped | Step::AtEnd { .. }),
                    "{step:?}"
                );
            }
            records
        });
        assert_eq!(reading.await.unwrap(), [b"a", b"b", b"c"]);
        consumer.close(PATIENCE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_at_the_end_says_since_when_and_sees_what_comes() {
    World::on_each(1, async |world: &World, _| {
        let producer = world.transport.producer().await.unwrap();
        let (consumer, assignment) = world.first_partition().await;
        let (mut reader, mut checks) = (assignment.start(Offset(0)).unwrap(), Vec::new());
        for text in ["a", "b"] {
            send(&producer, 0, &[text]).await;
            let step;
            let records;
            (reader, records, step) = read_until(reader, |records, step| {
                !records.is_empty() && matches!(step, Step::AtEnd { .. })
            })
            .await;
            assert_eq!(bytes(&records), [text.as_bytes()]);
            // Again, while nothing comes.
            let later;
            (reader, _, later) =
                read_until(reader, |_, step| matches!(step, Step::AtEnd { .. })).await;
            for step in [step, later] {
                let Step::AtEnd {
                    log_end,
                    checked_at,
                } = step
                else {
                    unreachable!()
                };
                assert_eq!(log_end, reader.position());
                checks.push(checked_at);
            }
            let bounds = reader.log_bounds().unwrap();
            assert_eq!((bounds.start, bounds.end), (Offset(0), reader.position()));
        }
        assert!(checks.is_sorted_by(|a, b| a < b), "{checks:?}");
        drop(reader);
        consumer.close(PATIENCE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_stay_in_their_partition() {
    World::on_each(3, async |world: &World, _| {
        let producer = world.transport.producer().await.unwrap();
        for number in 0..300 {
            let order = format!("o-{}", number % 30);
            let value = format!("{order} {number}");
            let message = Message {
                key: order.as_bytes(),
                partition: None,
                timestamp: stamp(),
                value: value.as_bytes(),
            };
            producer.send(message).await.unwrap();
        }
        producer.flush(PATIENCE).await.unwrap();
        let counts = producer.counts();
        assert_eq!(
            (counts.sent, counts.delivered, counts.failed),
            (300, 300, 0)
        );
        let mut places: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
        for partition in 0..3 {
            let transport = world.transport.clone();
            let read = tokio::task::spawn_blocking(move || {
                let mut texts = Vec::new();
                let end = Offset(u64::MAX);
                transport
                    .read_range(
                        Partition(partition),
                        Offset(0),
                        end,
                        PATIENCE,
                        &mut |record| {
                            texts.push(String::from_utf8(record.bytes.to_vec()).unwrap());
                            ControlFlow::Continue(())
                        },
                    )
                    .unwrap();
                texts
            });
            for text in read.await.unwrap() {
                let (order, number) = text.split_once(' ').unwrap();
                let place = (partition, number.parse().unwrap());
                places.entry(order.to_owned()).or_default().push(place);
            }
        }
        assert_eq!(places.len(), 30);
        for (order, places) in &places {
            assert_eq!(places.len(), 10, "{order}");
            assert!(places.iter().all(|place| place.0 == places[0].0), "{order}");
            assert!(places.is_sorted(), "{order}: {places:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_ends_before_the_position_is_an_alarm() {
    World::on_each(1, async |world: &World, _| {
        world.send(&["a", "b", "c"]).await;
        let (consumer, assignment) = world.first_partition().await;
        let (_, end) = world.transport.log_bounds(Partition(0)).await.unwrap();
        let next = Offset(end.0 + 100);
        let reader = match (world.kind, assignment.start(next)) {
            (_, Ok(reader)) => reader,
            (kind, Err(error)) => panic!("{kind:?}: {error}"),
        };
        let lost = Step::TailLost { next, log_end: end };
        let (mut reader, records, step) =
            read_until(reader, |_, step| !matches!(step, Step::Waited)).await;
        assert_eq!((records, step), (vec![], lost.clone()));
        // It goes on where the log is again.
        let (back, _, step) = read_until(reader, |_, step| !matches!(step, Step::Waited)).await;
        assert_eq!(step, lost);
        reader = back;
        reader.seek(end).unwrap();
        world.send(&["d"]).await;
        let (reader, records) = read_records(reader, 1).await;
        assert_eq!(bytes(&records), [b"d"]);
        drop(reader);
        consumer.close(PATIENCE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_found_again_and_read_like_any_record() {
    World::on_each(2, async |world: &World, _| {
        world.send(&["a"]).await;
        let place = ReplayOf::new(StreamId("other".to_owned()), Partition(1), Offset(7));
        let other = ReplayOf::new(StreamId("other".to_owned()), Partition(1), Offset(8));
        let mut producer = world.transport.replay_producer("shop-7").await.unwrap();
        let ends = producer.ends().await.unwrap();
        assert_eq!(producer.find(&place, &ends).await.unwrap(), None);
        let message = Message {
            key: b"order",
            partition: None,
            timestamp: stamp(),
            value: b"corrected",
        };
        producer.send(&place, message).await.unwrap();
        drop(producer);
        // After a crash.
        let producer = world.transport.replay_producer("shop-7").await.unwrap();
        let (partition, offset) = producer.find(&place, &ends).await.unwrap().unwrap();
        assert_eq!(producer.find(&other, &ends).await.unwrap(), None);
        let transport = world.transport.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut records = Vec::new();
            let end = Offset(u64::MAX);
            let reached = transport.read_range(partition, offset, end, PATIENCE, &mut |record| {
                records.push(Kept::of(&record));
                ControlFlow::Continue(())
            });
            reached.unwrap();
            records
        });
        let records = reading.await.unwrap();
        assert_eq!(bytes(&records), [b"corrected"]);
        assert_eq!(records[0].replay_of.as_deref(), Some("other/1/7"));
        assert_eq!(records[0].timestamp, stamp());
    })
    .await;
}
