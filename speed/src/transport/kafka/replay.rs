//! Writing corrected dead letters: each in a transaction of its own, under an id that fences.

use super::watch::Watch;
use super::{ASK_LIMIT, KafkaTransport, blocking, failed, reader, to_kafka};
use crate::transport::error::TransportError;
use crate::transport::producer::Message;
use crate::transport::record::ReplayOf;
use crate::transport::topic::StreamInfo;
use comptoir_config::clock;
use comptoir_model::ids::{Offset, Partition};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const TRANSACTION_LIMIT: Duration = Duration::from_secs(30);
/// How long another one's open transaction may hide what lies behind it: brokers end it by then.
const HIDDEN_LIMIT: Duration = Duration::from_secs(90);

pub struct ReplayProducer {
    transport: KafkaTransport,
    stream: StreamInfo,
    id: String,
    inner: Arc<ThreadedProducer<DefaultProducerContext>>,
}

impl fmt::Debug for ReplayProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayProducer")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ReplayProducer {
    pub(super) fn open(
        transport: KafkaTransport,
        stream: StreamInfo,
        id: String,
    ) -> Result<Self, TransportError> {
        let mut config = transport.client_config();
        config
            .set("transactional.id", &id)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("transaction.timeout.ms", "20000")
            .set("message.timeout.ms", "20000")
            .set("linger.ms", "0")
            .set("message.max.bytes", super::RECORD_BYTES_MAX.to_string())
            .set("partitioner", "murmur2_random");
        let inner: ThreadedProducer<DefaultProducerContext> = config
            .create()
            .map_err(|error| failed("can't make a Kafka producer", &error))?;
        inner
            .init_transactions(TRANSACTION_LIMIT)
            .map_err(|error| transaction_failed(&id, &error))?;
        Ok(Self {
            transport,
            stream,
            id,
            inner: Arc::new(inner),
        })
    }

    pub(in crate::transport) async fn ends(
        &self,
    ) -> Result<Vec<(Partition, Offset)>, TransportError> {
        let (transport, partitions) = (self.transport.clone(), self.stream.partitions);
        blocking(move || {
            let watch = Watch::open(&transport)?;
            (0..partitions)
                .map(Partition)
                .map(|partition| Ok((partition, watch.bounds(partition, ASK_LIMIT)?.end)))
                .collect()
        })
        .await
    }

    pub(in crate::transport) async fn find(
        &self,
        of: &ReplayOf,
        since: &[(Partition, Offset)],
    ) -> Result<Option<(Partition, Offset)>, TransportError> {
        let (transport, of, since) = (self.transport.clone(), of.clone(), since.to_vec());
        blocking(move || find(&transport, &of, &since)).await
    }

    pub(in crate::transport) async fn send(
        &mut self,
        of: &ReplayOf,
        message: Message<'_>,
    ) -> Result<(), TransportError> {
        let (inner, id, topic) = (
            Arc::clone(&self.inner),
            self.id.clone(),
            self.stream.topic.clone(),
        );
        let (key, value) = (message.key.to_vec(), message.value.to_vec());
        let (timestamp, partition) = (message.timestamp.as_millisecond(), message.partition);
        let header = of.to_string();
        blocking(move || {
            let error = |error: KafkaError| transaction_failed(&id, &error);
            inner.begin_transaction().map_err(error)?;
            let headers = OwnedHeaders::new().insert(Header {
                key: ReplayOf::HEADER,
                value: Some(&header),
            });
            let mut record = BaseRecord::to(&topic)
                .key(&key)
                .payload(&value)
                .timestamp(timestamp)
                .headers(headers);
            if let Some(partition) = partition {
                record = record.partition(to_kafka(partition));
            }
            inner.send(record).map_err(|(cause, _)| error(cause))?;
            inner.commit_transaction(TRANSACTION_LIMIT).map_err(error)
        })
        .await
    }
}

impl Drop for ReplayProducer {
    fn drop(&mut self) {
        // An open transaction would hide what follows it until the broker ends it.
        if let Err(error) = self.inner.abort_transaction(Duration::from_secs(1)) {
            tracing::debug!("librdkafka: {error}");
        }
    }
}

fn find(
    transport: &KafkaTransport,
    of: &ReplayOf,
    since: &[(Partition, Offset)],
) -> Result<Option<(Partition, Offset)>, TransportError> {
    let everything = Watch::of_everything(transport)?;
    let began = clock::instant();
    for partition in everything.partitions(ASK_LIMIT)? {
        let partition = partition.partition;
        // Whatever the fenced owner has written lies before it.
        let end = everything.bounds(partition, ASK_LIMIT)?.end;
        let from = since.iter().find(|(known, _)| *known == partition);
        let mut next = from.map_or(Offset(0), |(_, offset)| *offset);
        let committed = Watch::open(transport)?;
        while next < end {
            let mut found = None;
            let readable = committed.bounds(partition, ASK_LIMIT)?.end.min(end);
            next = reader::read_range(
                transport,
                partition,
                next,
                readable,
                ASK_LIMIT,
                &mut |record| {
                    if record.replay_of.as_ref() == Some(of) {
                        found = Some(record.offset);
                        return ControlFlow::Break(());
                    }
                    ControlFlow::Continue(())
                },
            )?
            .max(next);
            if let Some(offset) = found {
                return Ok(Some((partition, offset)));
            }
            if next < end {
                if began.elapsed() > HIDDEN_LIMIT {
                    return Err(TransportError::TimedOut {
                        what: format!(
                            "an open transaction hides the end of partition {}",
                            partition.0
                        ),
                        limit: HIDDEN_LIMIT,
                    });
                }
                thread::sleep(Duration::from_millis(200));
            }
        }
    }
    Ok(None)
}

fn transaction_failed(id: &str, error: &KafkaError) -> TransportError {
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch,
        ) => TransportError::Fenced { id: id.to_owned() },
        Some(RDKafkaErrorCode::OperationTimedOut) => TransportError::TimedOut {
            what: format!("the replay `{id}`"),
            limit: TRANSACTION_LIMIT,
        },
        _ => failed(&format!("the replay `{id}` failed"), error),
    }
}
