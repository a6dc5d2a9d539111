//! Metadata, by librdkafka: what TLS and SASL need is done there.

use comptoir_config::TransportSettings;
use comptoir_config::TransportUrl;
use comptoir_model::api::health::Cause;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tracing::debug;

/// Asks brokers, and never joins a group.
pub(crate) struct MetadataClient(BaseConsumer<Quiet>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Host and port by broker id.
    pub(crate) brokers: BTreeMap<i32, String>,
    /// `None` where there is no such topic.
    pub(crate) partitions: Option<Vec<PartitionMetadata>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartitionMetadata {
    pub(crate) number: i32,
    /// -1 where there is none, as Kafka says it.
    pub(crate) leader: i32,
    pub(crate) replicas: usize,
    pub(crate) in_sync: usize,
}

/// librdkafka repeats itself for as long as a broker is down: the board says it once.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!("librdkafka: {facility}: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!("librdkafka: {error}: {reason}");
    }
}

impl ConsumerContext for Quiet {}

/// Why Kafka can't be watched.
#[derive(Debug, thiserror::Error)]
pub enum KafkaSettingsError {
    #[error("can't read the Kafka properties of {path}: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "line {line} of {path} is no Kafka property\nhint: one name=value a line, as librdkafka documents them; values are not shown here"
    )]
    Property { path: PathBuf, line: usize },
    #[error("librdkafka refuses the Kafka properties: {0}")]
    Refused(String),
}

/// librdkafka's properties, for TLS and SASL.
pub(crate) type Properties = BTreeMap<String, String>;

/// Lines of `name=value`; `#` begins a comment.
pub(crate) fn read_properties(path: Option<&Path>) -> Result<Properties, KafkaSettingsError> {
    let Some(path) = path else {
        return Ok(Properties::new());
    };
    let text = std::fs::read_to_string(path).map_err(|source| {
        let path = path.to_owned();
        KafkaSettingsError::Unreadable { path, source }
    })?;
    let lines = (text.lines().enumerate())
        .map(|(number, line)| (number + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(line, text)| {
            let property = text.split_once('=');
            let property = property.ok_or_else(|| KafkaSettingsError::Property {
                path: path.to_owned(),
                line,
            })?;
            Ok((property.0.trim().to_owned(), property.1.trim().to_owned()))
        })
        .collect()
}

/// Whether Kafka's protocol is spoken in the clear.
pub(crate) fn is_plain(properties: &Properties) -> bool {
    let protocol = properties
        .get("security.protocol")
        .map(|name| name.to_uppercase());
    protocol.is_none_or(|name| name.contains("PLAINTEXT"))
}

impl MetadataClient {
    /// Connects nothing yet.
    pub(crate) fn new(
        transport: &TransportSettings,
        properties: &Properties,
    ) -> Result<Self, KafkaSettingsError> {
        let mut config = ClientConfig::new();
        config.extend(properties.clone());
        if let TransportUrl::Kafka(brokers) = &transport.url {
            let brokers: Vec<_> = brokers.iter().map(ToString::to_string).collect();
            config.set("bootstrap.servers", brokers.join(","));
        }
        config
            .set("client.id", "comptoir-web-health")
            .set("allow.auto.create.topics", "false")
            // A broker that comes back is found at the next look.
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.connection.setup.timeout.ms", "2000");
        (config.create_with_context(Quiet).map(Self))
            .map_err(|error| KafkaSettingsError::Refused(error.to_string()))
    }

    /// Any broker's answer, within `limit`.
    pub(crate) async fn ask(
        self: Arc<Self>,
        topic: &str,
        limit: Duration,
    ) -> Result<Metadata, (Cause, String)> {
        let topic = topic.to_owned();
        let asked = tokio::task::spawn_blocking(move || self.fetch(&topic, limit)).await;
        match asked {
            Ok(answer) => answer,
            Err(stopped) => Err((Cause::Failed, stopped.to_string())),
        }
    }

    fn fetch(&self, topic: &str, limit: Duration) -> Result<Metadata, (Cause, String)> {
        let metadata = match self.0.fetch_metadata(Some(topic), limit) {
            Ok(metadata) => metadata,
            Err(KafkaError::MetadataFetch(code)) => {
                let cause = match code {
                    RDKafkaErrorCode::SaslAuthenticationFailed
                    | RDKafkaErrorCode::Authentication
                    | RDKafkaErrorCode::ClusterAuthorizationFailed => Cause::LoginRefused,
                    RDKafkaErrorCode::OperationTimedOut => Cause::TimedOut,
                    _ => Cause::Unreachable,
                };
                let detail = format!(
                    "no broker gives metadata: {code}\nhint: is a broker up? check transport.url"
                );
                return Err((cause, detail));
            }
            Err(error) => return Err((Cause::Unreachable, error.to_string())),
        };
        let brokers = metadata.brokers().iter();
        let brokers =
            brokers.map(|broker| (broker.id(), format!("{}:{}", broker.host(), broker.port())));
        let found = (metadata.topics().iter())
            .find(|found| found.name() == topic && found.error().is_none());
        let partitions = found.map(|found| {
            (found.partitions().iter())
                .map(|partition| PartitionMetadata {
                    number: partition.id(),
                    leader: partition.leader(),
                    replicas: partition.replicas().len(),
                    in_sync: partition.isr().len(),
                })
                .collect()
        });
        Ok(Metadata {
            brokers: brokers.collect(),
            // A topic that was just made may be listed without its partitions.
            partitions: partitions.filter(|partitions: &Vec<_>| !partitions.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_properties_and_never_shows_a_value() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kafka.properties");
        std::fs::write(
            &path,
            "# TLS\nsecurity.protocol = SASL_SSL\n\nsasl.password=a=b\n",
        )
        .unwrap();
        let properties = read_properties(Some(&path)).unwrap();
        assert_eq!(properties["sasl.password"], "a=b");
        assert!(!is_plain(&properties));
        assert!(is_plain(&Properties::new()));
        std::fs::write(&path, "sasl.password hunter2\n").unwrap();
        let error = read_properties(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
