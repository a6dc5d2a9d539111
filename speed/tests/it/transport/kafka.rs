//! What Kafka alone can do to a reader or a writer.

use super::world::{
    Kept, Kind, PATIENCE, World, bytes, read_records, read_to_end, read_until, stamp,
};
use comptoir_model::ids::{Offset, Partition, StreamId};
use comptoir_model::merge::Span;
use comptoir_speed::transport::{Message, ReplayOf, Step, TransportError};
use rdkafka::TopicPartitionList;
use rdkafka::admin::AdminOptions;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, Offset as KafkaOffset};
use std::ops::ControlFlow;
use std::time::Duration;

async fn delete_records(world: &World, before: i64) {
    let mut offsets = TopicPartitionList::new();
    let topic = &world.settings.topic;
    offsets
        .add_partition_offset(topic, 0, KafkaOffset::Offset(before))
        .unwrap();
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let admin = world.admin();
    admin.delete_records(&offsets, &options).await.unwrap();
}

fn a_transaction(
    world: &World,
    id: &str,
    values: &[&str],
) -> ThreadedProducer<rdkafka::producer::DefaultProducerContext> {
    let brokers = world.settings.url.to_string();
    let producer: ThreadedProducer<_> = ClientConfig::new()
        .set("bootstrap.servers", brokers.trim_start_matches("kafka:"))
        .set("transactional.id", format!("{}_{id}", world.settings.topic))
        .create()
        .unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer.begin_transaction().unwrap();
    for value in values {
        let record: BaseRecord<'_, (), str> = BaseRecord::to(&world.settings.topic)
            .partition(0)
            .payload(*value);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
    producer
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_removed_is_a_hole() {
    let (world, _) = World::new(Kind::Kafka, 1).await;
    let sent: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    world.send(&sent).await;
    delete_records(&world, 40).await;
    let (consumer, assignment) = world.first_partition().await;
    let reader = assignment.start(Offset(7)).unwrap();
    let (reader, records, step) = read_until(reader, |_, step| !matches!(step, Step::Waited)).await;
    let hole = |start, end| Step::Hole(Span::new(Offset(start), Offset(end)).unwrap());
    assert_eq!((records, step), (vec![], hole(7, 40)));
    assert_eq!(reader.position(), Offset(40));
    let (mut reader, records) = read_records(reader, 60).await;
    assert_eq!(records[0].offset, Offset(40));
    // While reading, too: everything is gone, up to a position that has no record yet.
    reader.seek(Offset(50)).unwrap();
    let (reader, _) = read_records(reader, 50).await;
    world.send(&sent).await;
    delete_records(&world, 150).await;
    let (reader, records, step) = read_until(
        reader,
        |_, step| matches!(step, Step::AtEnd { log_end, .. } if log_end.0 == 200),
    )
    .await;
    let holes_are_told = matches!(step, Step::AtEnd { .. });
    assert!(holes_are_told && !records.is_empty());
    assert_eq!(reader.position(), Offset(200));
    drop(reader);
    consumer.close(PATIENCE).await;
    world.delete_topic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_while_the_reader_is_slow_is_a_hole() {
    let (world, _) = World::new(Kind::Kafka, 1).await;
    world.send(&["a"]).await;
    let (consumer, assignment) = world.first_partition().await;
    let (reader, _) = read_to_end(assignment.start(Offset(0)).unwrap()).await;
    // Too much to be fetched ahead.
    let large: Vec<_> = (0..40).map(|_| vec![b'x'; 500_000]).collect();
    world.send(&large).await;
    delete_records(&world, 41).await;
    world.send(&["last"]).await;
    let mut seen = 1;
    let mut reader = reader;
    // What was fetched before is still there; the rest is told.
    loop {
        let (back, records, step) = read_until(reader, |records, step| {
            records.iter().any(|record| record.bytes == b"last") || matches!(step, Step::Hole(_))
        })
        .await;
        reader = back;
        seen += records.len() as u64;
        if let Step::Hole(span) = step {
            assert_eq!((span.start(), span.end()), (Offset(seen), Offset(41)));
            seen = span.end().0;
        }
        if records.last().is_some_and(|record| record.bytes == b"last") {
            break;
        }
    }
    assert_eq!((seen, reader.position()), (42, Offset(42)));
    drop(reader);
    consumer.close(PATIENCE).await;
    world.delete_topic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_position_moves_over_transaction_markers_and_what_was_aborted() {
    let (world, _) = World::new(Kind::Kafka, 1).await;
    let committed = a_transaction(&world, "a", &["a", "b"]);
    committed.commit_transaction(PATIENCE).unwrap();
    let aborted = a_transaction(&world, "b", &["never", "never"]);
    aborted.abort_transaction(PATIENCE).unwrap();
    let (consumer, assignment) = world.first_partition().await;
    let reader = assignment.start(Offset(0)).unwrap();
    // Two records, a marker, two aborted records, a marker.
    let at = |end| move |_: &[Kept], step: &Step| matches!(step, Step::AtEnd { log_end, .. } if *log_end == Offset(end));
    let (reader, records, _) = read_until(reader, at(6)).await;
    assert_eq!(bytes(&records), [b"a", b"b"]);
    assert_eq!(reader.position(), Offset(6));
    // An open transaction hides what follows it.
    let open = a_transaction(&world, "c", &["c"]);
    world.send(&["d"]).await;
    let (reader, records, _) = read_until(reader, at(6)).await;
    assert_eq!((records.len(), reader.position()), (0, Offset(6)));
    open.commit_transaction(PATIENCE).unwrap();
    let (reader, records, _) = read_until(reader, at(9)).await;
    assert_eq!(bytes(&records), [b"c", b"d"]);
    // From inside of it, and with nothing but markers left.
    let mut reader = reader;
    reader.seek(Offset(2)).unwrap();
    let (mut reader, records, _) = read_until(reader, at(9)).await;
    assert_eq!(bytes(&records), [b"c", b"d"]);
    reader.seek(Offset(8)).unwrap();
    let (reader, records, _) = read_until(reader, at(9)).await;
    assert_eq!(records, []);
    drop(reader);
    consumer.close(PATIENCE).await;
    world.delete_topic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_owner_of_a_replay_fences_the_old_one() {
    let (world, _) = World::new(Kind::Kafka, 1).await;
    let id = format!("{}_replay", world.settings.topic);
    let place = ReplayOf::new(StreamId("s".to_owned()), Partition(0), Offset(1));
    let message = Message {
        key: b"k",
        partition: None,
        timestamp: stamp(),
        value: b"corrected",
    };
    let mut old = world.transport.replay_producer(&id).await.unwrap();
    let mut new = world.transport.replay_producer(&id).await.unwrap();
    let error = old.send(&place, message).await.unwrap_err();
    assert!(matches!(error, TransportError::Fenced { .. }), "{error}");
    assert_eq!(new.find(&place, &[]).await.unwrap(), None);
    new.send(&place, message).await.unwrap();
    let found = new.find(&place, &[]).await.unwrap();
    assert_eq!(found.map(|(partition, _)| partition), Some(Partition(0)));
    world.delete_topic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_ten_megabytes_passes_and_more_is_refused() {
    let (world, _) = World::new(Kind::Kafka, 1).await;
    let large = vec![b'x'; 10_000_000];
    world.send(&[&large[..], b"after"]).await;
    let (consumer, assignment) = world.first_partition().await;
    let (reader, records) = read_records(assignment.start(Offset(0)).unwrap(), 2).await;
    assert_eq!(records[0].length, large.len() as u64);
    assert_eq!(records[1].bytes, b"after");
    drop(reader);
    consumer.close(PATIENCE).await;
    let producer = world.transport.producer().await.unwrap();
    let huge = vec![b'x'; 17 * 1024 * 1024];
    let message = Message {
        key: b"k",
        partition: None,
        timestamp: stamp(),
        value: &huge,
    };
    let error = producer.send(message).await.unwrap_err();
    assert!(error.to_string().contains("can't send"), "{error}");
    world.delete_topic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafkas_own_producers_are_read() {
    let (world, stream) = World::new(Kind::Kafka, 1).await;
    let brokers = world.settings.url.to_string();
    let mut kcat = std::process::Command::new("kcat")
        .args([
            "-P",
            "-b",
            brokers.trim_start_matches("kafka:"),
            "-t",
            &world.settings.topic,
        ])
        .args(["-p", "0", "-H", "comptoir-replay-of=x/0/3"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut kcat.stdin.take().unwrap(), b"from kcat\n").unwrap();
    assert!(kcat.wait().unwrap().success());
    let transport = world.transport.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let mut records = Vec::new();
        let end = Offset(u64::MAX);
        transport
            .read_range(Partition(0), Offset(0), end, PATIENCE, &mut |record| {
                records.push(Kept::of(&record));
                ControlFlow::Continue(())
            })
            .unwrap();
        records
    });
    let records = reading.await.unwrap();
    assert_eq!(bytes(&records), [b"from kcat"]);
    assert_eq!(records[0].replay_of.as_deref(), Some("x/0/3"));
    // Kafka's tools show the same id: 22 characters of base64 for URLs.
    assert_eq!(stream.id.0.len(), 22, "{stream:?}");
    world.delete_topic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_is_waited_for() {
    let mut world = World::empty(Kind::Kafka);
    // Nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    world.settings.url = format!("kafka:{address}").parse().unwrap();
    let transport = comptoir_speed::transport::Transport::open(&world.settings).unwrap();
    let mut consumer = transport.consumer("g").unwrap();
    let event = tokio::time::timeout(PATIENCE, consumer.next())
        .await
        .unwrap();
    let words = format!("{event:?}");
    assert!(
        words.contains("Down") && words.contains(&address.to_string()),
        "{words}"
    );
    let producing = tokio::time::timeout(Duration::from_secs(3), transport.producer()).await;
    assert!(producing.is_err(), "{producing:?}");
    consumer.close(PATIENCE).await;
}
