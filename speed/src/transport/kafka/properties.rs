//! librdkafka's properties: those of the settings, and those that are ours.

use crate::transport::error::TransportError;
use comptoir_config::Address;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use std::fmt;
use std::path::Path;

/// Exactly once stands on these; `transport.url` is the place of the first one.
const OURS: [&str; 16] = [
    "bootstrap.servers",
    "metadata.broker.list",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "partition.assignment.strategy",
    "isolation.level",
    "auto.offset.reset",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "enable.idempotence",
    "acks",
    "request.required.acks",
    "transactional.id",
    "allow.auto.create.topics",
];

/// `Debug` shows no value: some are secrets.
#[derive(Clone)]
pub(super) struct Properties {
    brokers: String,
    given: Vec<(String, String)>,
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.given.iter().map(|(name, _)| name).collect();
        f.debug_struct("Properties")
            .field("brokers", &self.brokers)
            .field("given", &names)
            .finish()
    }
}

impl Properties {
    pub(super) fn read(brokers: &[Address], file: Option<&Path>) -> Result<Self, TransportError> {
        let brokers: Vec<_> = brokers.iter().map(ToString::to_string).collect();
        let given = match file {
            None => Vec::new(),
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| error.to_string())
                .and_then(|text| parse(&text))
                .map_err(|reason| TransportError::Properties {
                    file: file.to_owned(),
                    reason,
                })?,
        };
        let properties = Self {
            brokers: brokers.join(","),
            given,
        };
        if let Err(error) = properties.client_config().create_native_config() {
            return Err(match file {
                Some(file) => TransportError::Properties {
                    file: file.to_owned(),
                    reason: match error {
                        rdkafka::error::KafkaError::ClientConfig(_, _, name, _) => {
                            format!(
                                "{name} is unknown to librdkafka, or has a value that it refuses"
                            )
                        }
                        other => other.to_string(),
                    },
                },
                None => super::failed("can't use librdkafka", &error),
            });
        }
        Ok(properties)
    }

    pub(super) fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set_log_level(RDKafkaLogLevel::Info)
            .set("client.id", "comptoir")
            .set("broker.address.family", "any")
            // A broker that comes back is noticed within a second.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.timeout.ms", "10000")
            .set("socket.connection.setup.timeout.ms", "5000")
            .set("allow.auto.create.topics", "false");
        for (name, value) in &self.given {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.brokers);
        config
    }
}

fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut given = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            return Err(format!("line {number} is not name=value"));
        };
        let name = name.trim();
        if OURS.contains(&name) {
            return Err(format!(
                "line {number} sets {name}, which Comptoir sets itself"
            ));
        }
        given.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Properties, TransportError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("kafka.properties");
        std::fs::write(&file, text).unwrap();
        Properties::read(&["broker:9092".parse().unwrap()], Some(&file))
    }

    #[test]
    fn tls_and_sasl_pass_through() {
        let properties = read(
            "# the shop's cluster\nsecurity.protocol=SASL_SSL\n sasl.mechanism = SCRAM-SHA-512\n\
             sasl.username=till\nsasl.password=hunter2=\nssl.endpoint.identification.algorithm=https\n",
        )
        .unwrap();
        let config = properties.client_config();
        assert_eq!(config.get("sasl.password"), Some("hunter2="));
        assert_eq!(config.get("sasl.mechanism"), Some("SCRAM-SHA-512"));
        assert!(!format!("{properties:?}").contains("hunter2"));
    }

    #[test]
    fn refuses_what_is_wrong_without_showing_it() {
        for (text, part) in [
            ("sasl.password hunter2", "line 1"),
            (
                "\nisolation.level=read_uncommitted",
                "line 2 sets isolation.level",
            ),
            ("sasl.pasword=hunter2", "sasl.pasword is unknown"),
            ("security.protocol=hunter2", "security.protocol"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
