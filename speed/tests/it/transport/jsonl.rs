//! Files, and what a crash or another process does to them.

use super::world::{
    Kind, PATIENCE, World, bytes, read_records, read_to_end, read_until, send, stamp,
};
use comptoir_model::event::EVENT_BYTES_MAX;
use comptoir_model::ids::{Offset, Partition};
use comptoir_speed::transport::{Message, Record, Step, TransportError};
use std::fs::{self, OpenOptions};
use std::io::Write;

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_last_line_is_not_read_and_goes_when_a_writer_comes() {
    let (world, _) = World::new(Kind::Jsonl, 1).await;
    world.send(&["whole"]).await;
    let whole = fs::read(world.file(0)).unwrap();
    let mut file = OpenOptions::new().append(true).open(world.file(0)).unwrap();
    file.write_all(b"{\"t\":1,\"v\":\"tor").unwrap();
    let (consumer, assignment) = world.first_partition().await;
    let (mut reader, records) = read_to_end(assignment.start(Offset(0)).unwrap()).await;
    assert_eq!(bytes(&records), [b"whole"]);
    assert_eq!(reader.position(), Offset(whole.len() as u64));
    reader.make_durable().unwrap();
    world.send(&["next"]).await;
    let (_, records) = read_records(reader, 1).await;
    assert_eq!(bytes(&records), [b"next"]);
    assert_eq!(records[0].offset, Offset(whole.len() as u64));
    let text = fs::read_to_string(world.file(0)).unwrap();
    assert!(!text.contains("tor\""), "{text}");
    consumer.close(PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_writer_is_refused_but_replays_have_their_own_file() {
    let (world, stream) = World::new(Kind::Jsonl, 2).await;
    let producer = world.transport.producer().await.unwrap();
    let error = world.transport.producer().await.unwrap_err();
    assert!(matches!(error, TransportError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("one writer"), "{error}");
    let replays = world.transport.replay_producer("id").await.unwrap();
    let error = world.transport.replay_producer("id").await.unwrap_err();
    let last = Partition(stream.partitions - 1);
    assert!(matches!(error, TransportError::Locked { partition, .. } if partition == last));
    drop((producer, replays));
    world.transport.producer().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_too_long_is_measured_and_not_kept() {
    let (world, _) = World::new(Kind::Jsonl, 1).await;
    let huge = vec![b'x'; Record::WHOLE_BYTES_MAX + 5_000_000];
    world.send(&[&huge[..], b"after"]).await;
    let (consumer, assignment) = world.first_partition().await;
    let (reader, records) = read_to_end(assignment.start(Offset(0)).unwrap()).await;
    assert_eq!(records.len(), 2);
    // The envelope counts too.
    assert!(records[0].length > huge.len() as u64);
    assert!((EVENT_BYTES_MAX + 1..200_000).contains(&records[0].bytes.len()));
    assert_eq!(records[0].timestamp, records[1].timestamp);
    assert_eq!(records[1].bytes, b"after");
    drop(reader);
    consumer.close(PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_short_is_an_alarm() {
    let (world, _) = World::new(Kind::Jsonl, 1).await;
    world.send(&["a", "b", "c"]).await;
    let (consumer, assignment) = world.first_partition().await;
    let (reader, records) = read_to_end(assignment.start(Offset(0)).unwrap()).await;
    let next = reader.position();
    let file = OpenOptions::new().write(true).open(world.file(0)).unwrap();
    file.set_len(records[2].offset.0).unwrap();
    let log_end = records[2].offset;
    let (_, _, step) = read_until(reader, |_, step| matches!(step, Step::TailLost { .. })).await;
    assert_eq!(step, Step::TailLost { next, log_end });
    consumer.close(PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_inside_a_line_means_the_next_line() {
    let (world, _) = World::new(Kind::Jsonl, 1).await;
    world.send(&["a", "b", "c"]).await;
    let (consumer, assignment) = world.first_partition().await;
    let (mut reader, all) = read_to_end(assignment.start(Offset(0)).unwrap()).await;
    reader.seek(Offset(all[1].offset.0 + 1)).unwrap();
    let (reader, records) = read_records(reader, 1).await;
    assert_eq!(bytes(&records), [b"c"]);
    drop(reader);
    consumer.close(PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creators_that_race_make_one_stream() {
    let world = World::empty(Kind::Jsonl);
    let racing: Vec<_> = (0..8)
        .map(|_| {
            let transport = world.transport.clone();
            tokio::spawn(async move { transport.create_topic(2, 1).await.unwrap() })
        })
        .collect();
    let mut streams = Vec::new();
    for racer in racing {
        streams.push(racer.await.unwrap());
    }
    streams.dedup();
    assert_eq!(streams.len(), 1, "{streams:?}");
    let producer = world.transport.producer().await.unwrap();
    send(&producer, 1, &["a"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_stream_file_is_named() {
    let (world, _) = World::new(Kind::Jsonl, 1).await;
    let path = world.file(0).with_file_name("stream");
    fs::write(&path, "half").unwrap();
    let error = world.transport.stream().await.unwrap_err();
    assert!(matches!(error, TransportError::Damaged { .. }), "{error}");
    assert!(
        error.to_string().contains(&*path.to_string_lossy()),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_notices_that_its_topic_is_gone() {
    let (world, _) = World::new(Kind::Jsonl, 1).await;
    let producer = world.transport.producer().await.unwrap();
    send(&producer, 0, &["a"]).await;
    world.delete_topic().await;
    world.transport.create_topic(1, 1).await.unwrap();
    let message = Message {
        key: b"k",
        partition: None,
        timestamp: stamp(),
        value: b"b",
    };
    producer.send(message).await.ok();
    let error = producer.flush(PATIENCE).await.unwrap_err();
    assert!(matches!(error, TransportError::NoTopic { .. }), "{error}");
}
