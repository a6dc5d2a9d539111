//! What Kafka's brokers have registered in `ZooKeeper`.

use comptoir_config::Address;
use comptoir_config::clock;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tracing::debug;
use zookeeper_client::{Client, Error};

const INTERVAL: Duration = Duration::from_secs(2);
/// For one look, connecting included.
const LOOK_MAX: Duration = Duration::from_secs(3);
const SESSION: Duration = Duration::from_secs(6);
/// What is older says nothing about now.
const AGE_MAX: Duration = Duration::from_secs(8);

/// The brokers that hold a session of `ZooKeeper`, and the one that decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Registry {
    /// Host and port by broker id, as the broker advertises itself.
    pub(crate) brokers: BTreeMap<i32, String>,
    pub(crate) controller: Option<i32>,
}

/// The last registry and when it was read.
pub(crate) type Sighting = Option<(Registry, Instant)>;

/// Young enough to be believed.
pub(crate) fn current(sighting: &watch::Receiver<Sighting>) -> Option<Registry> {
    let sighting = sighting.borrow();
    let (registry, read_at) = sighting.as_ref()?;
    (read_at.elapsed() <= AGE_MAX).then(|| registry.clone())
}

/// Looks for ever. `ZooKeeper` itself has a probe of its own, so that failures are silent here.
pub(crate) async fn watch(servers: Vec<Address>, sender: watch::Sender<Sighting>) -> Infallible {
    let servers: Vec<_> = servers.iter().map(ToString::to_string).collect();
    let servers = servers.join(",");
    let mut client = None;
    loop {
        match tokio::time::timeout(LOOK_MAX, look(&mut client, &servers)).await {
            Ok(Ok(registry)) => {
                sender.send_replace(Some((registry, clock::instant())));
            }
            Ok(Err(error)) => {
                debug!("brokers can't be read from ZooKeeper: {error}");
                client = None;
            }
            Err(_) => {
                debug!("ZooKeeper gives no brokers within {LOOK_MAX:?}");
                client = None;
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn look(client: &mut Option<Client>, servers: &str) -> Result<Registry, Error> {
    let client = if let Some(client) = client {
        client
    } else {
        let connected = Client::connector()
            .with_session_timeout(SESSION)
            .with_connection_timeout(LOOK_MAX)
            .with_readonly(true)
            .with_fail_eagerly()
            .connect(servers)
            .await?;
        client.insert(connected)
    };
    let mut registry = Registry::default();
    // Another cluster's ZooKeeper, or a Kafka without: nothing is registered.
    let ids = none_where_missing(client.list_children("/brokers/ids").await)?;
    for id in ids.unwrap_or_default() {
        let Ok(number) = id.parse() else { continue };
        let data = client.get_data(&format!("/brokers/ids/{id}")).await;
        // It may have gone since.
        if let Some((data, _)) = none_where_missing(data)? {
            registry.brokers.insert(number, advertised(&data));
        }
    }
    let controller = none_where_missing(client.get_data("/controller").await)?;
    registry.controller = controller.and_then(|(data, _)| controller_id(&data));
    Ok(registry)
}

fn none_where_missing<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::NoNode) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `{"endpoints":["PLAINTEXT://10.0.0.7:9092"],"host":"10.0.0.7","port":9092,…}`; brokers with
/// listeners of other kinds only have no `host`.
fn advertised(data: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Broker {
        host: Option<String>,
        #[serde(default)]
        port: i32,
        #[serde(default)]
        endpoints: Vec<String>,
    }
    let Ok(broker) = serde_json::from_slice::<Broker>(data) else {
        return String::new();
    };
    let endpoint = || {
        let endpoint = broker.endpoints.first()?;
        endpoint
            .split_once("://")
            .map(|(_, address)| address.to_owned())
    };
    match &broker.host {
        Some(host) if broker.port > 0 => format!("{host}:{}", broker.port),
        _ => endpoint().unwrap_or_default(),
    }
}

fn controller_id(data: &[u8]) -> Option<i32> {
    #[derive(Deserialize)]
    struct Controller {
        brokerid: i32,
    }
    let controller: Controller = serde_json::from_slice(data).ok()?;
    (controller.brokerid >= 0).then_some(controller.brokerid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_brokers_write() {
        let plain = br#"{"features":{},"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},
            "endpoints":["PLAINTEXT://127.0.0.1:9092"],"jmx_port":-1,"port":9092,"host":"127.0.0.1","version":5}"#;
        assert_eq!(advertised(plain), "127.0.0.1:9092");
        let tls = br#"{"endpoints":["SSL://kafka-1:9093"],"port":-1,"host":null,"version":5}"#;
        assert_eq!(advertised(tls), "kafka-1:9093");
        let controller =
            br#"{"version":2,"brokerid":1,"timestamp":"1795277294377","kraftControllerEpoch":-1}"#;
        assert_eq!(controller_id(controller), Some(1));
    }
}
