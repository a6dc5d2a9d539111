//! A broker that goes away and comes back.

use super::broker::Broker;
use super::world::{Kind, PATIENCE, World, began, stamp};
use comptoir_model::ids::{Offset, Partition};
use comptoir_speed::transport::{Assignment, BrokerState, Consumer, ConsumerEvent, Message, Step};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// What a sink would have counted, and where it stands.
struct Counted {
    numbers: Vec<u64>,
    next: Offset,
}

/// A sink of one partition: reads whenever the partition is its own.
struct Sink {
    counted: Arc<Mutex<Counted>>,
    up: watch::Receiver<bool>,
    done: Arc<AtomicBool>,
    running: tokio::task::JoinHandle<()>,
}

impl Sink {
    fn run(mut consumer: Consumer) -> Self {
        let numbers = Vec::new();
        let next = Offset(0);
        let counted = Arc::new(Mutex::new(Counted { numbers, next }));
        let done = Arc::new(AtomicBool::new(false));
        let (state, up) = watch::channel(true);
        let (count, finished) = (Arc::clone(&counted), Arc::clone(&done));
        let running = tokio::spawn(async move {
            let mut readers = Vec::new();
            while !finished.load(Ordering::Relaxed) {
                let event = tokio::time::timeout(Duration::from_millis(50), consumer.next()).await;
                match event.map(|event| event.expect("an open consumer")) {
                    Err(_) | Ok(ConsumerEvent::StreamStarted(_)) => {}
                    Ok(ConsumerEvent::StreamEnded(id)) => panic!("{id:?} ended"),
                    Ok(ConsumerEvent::Broker(broker)) => {
                        state.send_replace(broker == BrokerState::Up);
                    }
                    Ok(ConsumerEvent::Assigned(assignment)) => {
                        let (count, finished) = (Arc::clone(&count), Arc::clone(&finished));
                        readers.push(tokio::task::spawn_blocking(move || {
                            read(assignment, &count, &finished);
                        }));
                    }
                }
            }
            for reader in readers {
                reader.await.unwrap();
            }
            consumer.close(PATIENCE).await;
        });
        Self {
            counted,
            up,
            done,
            running,
        }
    }

    async fn broker_is(&mut self, up: bool) {
        let told = tokio::time::timeout(PATIENCE, self.up.wait_for(|is_up| *is_up == up)).await;
        told.unwrap_or_else(|_| panic!("not told that the broker is up = {up}"))
            .unwrap();
    }
}

fn read(assignment: Assignment, counted: &Mutex<Counted>, done: &AtomicBool) {
    let from = counted.lock().unwrap().next;
    let mut reader = assignment.start(from).unwrap();
    while !done.load(Ordering::Relaxed) {
        let step = reader.read(Duration::from_millis(100), &mut |record| {
            let number = std::str::from_utf8(record.bytes).unwrap().parse().unwrap();
            counted.lock().unwrap().numbers.push(number);
            ControlFlow::Continue(())
        });
        counted.lock().unwrap().next = reader.position();
        match step.unwrap() {
            Step::Waited | Step::AtEnd { .. } | Step::Stopped => {}
            Step::Revoked => return,
            step => panic!("{step:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_was_killed_or_hangs_is_waited_for_and_nothing_is_lost() {
    let broker = tokio::task::spawn_blocking(Broker::up).await.unwrap();
    let world = World::at(Kind::Kafka, &broker.url(), tempfile::tempdir().unwrap());
    let stream = world.transport.create_topic(1, 1).await.unwrap();

    // Sends without a pause, whatever becomes of the broker.
    let producer = Arc::new(world.transport.producer().await.unwrap());
    let enough = Arc::new(AtomicBool::new(false));
    let sending = {
        let (producer, enough) = (Arc::clone(&producer), Arc::clone(&enough));
        tokio::spawn(async move {
            let mut sent = 0_u64;
            while !enough.load(Ordering::Relaxed) {
                let text = sent.to_string();
                let message = Message {
                    key: b"k",
                    partition: Some(Partition(0)),
                    timestamp: stamp(),
                    value: text.as_bytes(),
                };
                producer.send(message).await.unwrap();
                sent += 1;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            sent
        })
    };
    let mut sink = Sink::run(world.consumer());
    let started = began();
    while sink.counted.lock().unwrap().numbers.len() < 100 {
        assert!(started.elapsed() < PATIENCE, "nothing is read");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    broker.kill().await;
    sink.broker_is(false).await;
    // Who comes while it is away waits too.
    let mut latecomer = Sink::run(world.transport.consumer("late").unwrap());
    latecomer.broker_is(false).await;
    broker.start().await;
    sink.broker_is(true).await;
    latecomer.broker_is(true).await;

    broker.signal("STOP");
    sink.broker_is(false).await;
    broker.signal("CONT");
    sink.broker_is(true).await;

    enough.store(true, Ordering::Relaxed);
    let sent = sending.await.unwrap();
    producer.flush(PATIENCE).await.unwrap();
    let counts = producer.counts();
    assert_eq!((counts.delivered, counts.failed), (sent, 0));
    for sink in [sink, latecomer] {
        let started = began();
        let distinct = || {
            let counted = sink.counted.lock().unwrap();
            counted.numbers.iter().collect::<BTreeSet<_>>().len() as u64
        };
        while distinct() < sent {
            assert!(started.elapsed() < PATIENCE, "{} of {sent}", distinct());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        sink.done.store(true, Ordering::Relaxed);
        sink.running.await.unwrap();
        // What was on its way when the broker died may be there twice: by its event id it counts
        // as a duplicate.
        let counted: BTreeSet<_> = sink.counted.lock().unwrap().numbers.drain(..).collect();
        assert!(counted.into_iter().eq(0..sent));
    }
    assert_eq!(world.transport.stream().await.unwrap(), stream);
}
