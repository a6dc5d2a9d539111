//! `ZooKeeper`: `mntr`, else its `AdminServer`, else `srvr`.

use super::finding::Finding;
use super::http;
use comptoir_config::Address;
use comptoir_model::api::health::{Cause, FactName, PartKind, PartState};
use serde::Deserialize;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// For each of the three questions.
const ASK_MAX: Duration = Duration::from_millis(1200);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// What a server answers to a word that its operator has not allowed.
const NOT_WHITELISTED: &str = "is not executed because it is not in the whitelist";
const NOT_SERVING: &str = "is not currently serving requests";

pub(crate) struct ZookeeperProbe {
    pub(crate) address: Address,
    /// The root of its `AdminServer`.
    pub(crate) admin_url: Option<String>,
    pub(crate) client: reqwest::Client,
}

/// What a server says of itself; what it leaves out is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Monitor {
    version: Option<String>,
    mode: Option<String>,
    latency_ms: Option<String>,
    connections: Option<String>,
    outstanding: Option<String>,
}

/// What came back from one question.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Monitor(Monitor),
    /// It answers, and does not tell.
    Restricted,
    /// It has no quorum, or is starting.
    NotServing,
    Unreadable(String),
}

impl ZookeeperProbe {
    pub(crate) fn part(&self) -> Finding {
        let address = &self.address;
        let id = format!("zookeeper-{}-{}", address.host, address.port);
        Finding::up(PartKind::Zookeeper, id, address.to_string())
    }

    pub(crate) async fn look(&self) -> Finding {
        let mntr = match self.word("mntr", parse_mntr).await {
            Ok(answer) => answer,
            // Who does not even connect answers nothing else either.
            Err(error) => return self.part().down(cause(&error), format!("mntr: {error}")),
        };
        let answered = |monitor, by| found(self.part(), monitor, by);
        match mntr {
            Answer::Monitor(monitor) => return answered(monitor, "mntr"),
            Answer::NotServing => return self.not_serving(),
            Answer::Restricted | Answer::Unreadable(_) => {}
        }
        match self.admin().await {
            Some(Answer::Monitor(monitor)) => return answered(monitor, "AdminServer"),
            Some(Answer::NotServing) => return self.not_serving(),
            _ => {}
        }
        match self.word("srvr", parse_srvr).await {
            Ok(Answer::Monitor(monitor)) => answered(monitor, "srvr"),
            Ok(Answer::NotServing) => self.not_serving(),
            Ok(Answer::Restricted) => self.part().but(
                PartState::Restricted,
                Cause::NotWhitelisted,
                "it answers, but allows neither mntr nor srvr\nhint: 4lw.commands.whitelist=mntr,srvr in zoo.cfg",
            ),
            Ok(Answer::Unreadable(said)) => self.part().down(Cause::BadAnswer, said),
            Err(error) => self.part().down(cause(&error), format!("srvr: {error}")),
        }
    }

    fn not_serving(&self) -> Finding {
        let detail = "it runs and serves no requests\nhint: is a majority of its servers up?";
        self.part().down(Cause::BadAnswer, detail)
    }

    /// A four-letter word on a connection of its own.
    async fn word(&self, word: &str, parse: fn(&str) -> Monitor) -> io::Result<Answer> {
        let Address { host, port } = &self.address;
        let asking = async {
            let mut stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.write_all(word.as_bytes()).await?;
            let mut said = Vec::new();
            stream.take(ANSWER_BYTES_MAX).read_to_end(&mut said).await?;
            Ok(said)
        };
        let said: io::Result<Vec<u8>> = (tokio::time::timeout(ASK_MAX, asking).await)
            .unwrap_or_else(|_| Err(no_answer(ASK_MAX)));
        Ok(read(&String::from_utf8_lossy(&said?), parse))
    }

    /// `None` where it can't be asked.
    async fn admin(&self) -> Option<Answer> {
        let url = format!("{}/commands/monitor", self.admin_url.as_ref()?);
        let bytes = http::get(&self.client, &url, ASK_MAX).await.ok()?;
        read_admin(&bytes)
    }
}

fn found(part: Finding, monitor: Monitor, by: &str) -> Finding {
    part.fact_if(FactName::Mode, monitor.mode)
        .fact_if(FactName::LatencyMs, monitor.latency_ms)
        .fact_if(FactName::Connections, monitor.connections)
        .fact_if(FactName::OutstandingRequests, monitor.outstanding)
        .fact_if(FactName::Version, monitor.version)
        .fact(FactName::AnsweredBy, by)
}

fn read(said: &str, parse: fn(&str) -> Monitor) -> Answer {
    if said.contains(NOT_WHITELISTED) {
        return Answer::Restricted;
    }
    if said.contains(NOT_SERVING) {
        return Answer::NotServing;
    }
    let monitor = parse(said);
    if monitor == Monitor::default() {
        let start: String = said.chars().take(80).collect();
        return Answer::Unreadable(format!("it answers `{}`", start.trim()));
    }
    Answer::Monitor(monitor)
}

/// Lines of `zk_name<tab>value`.
fn parse_mntr(said: &str) -> Monitor {
    let value = |name: &str| {
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
        line.map(|value| value.trim().to_owned())
    };
    Monitor {
        version: value("zk_version").map(|version| release(&version)),
        mode: value("zk_server_state"),
        latency_ms: value("zk_avg_latency"),
        connections: value("zk_num_alive_connections"),
        outstanding: value("zk_outstanding_requests"),
    }
}

/// Lines of `Name: value`.
fn parse_srvr(said: &str) -> Monitor {
    let value = |name: &str| {
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(|value| value.trim().to_owned())
    };
    let latency = value("Latency min/avg/max");
    Monitor {
        version: value("Zookeeper version").map(|version| release(&version)),
        mode: value("Mode"),
        latency_ms: latency.and_then(|values| values.split('/').nth(1).map(str::to_owned)),
        connections: value("Connections"),
        outstanding: value("Outstanding"),
    }
}

fn read_admin(bytes: &[u8]) -> Option<Answer> {
    #[derive(Deserialize)]
    struct Said {
        error: Option<String>,
        version: Option<String>,
        server_state: Option<String>,
        avg_latency: Option<serde_json::Value>,
        num_alive_connections: Option<serde_json::Value>,
        outstanding_requests: Option<serde_json::Value>,
    }
    let said: Said = serde_json::from_slice(bytes).ok()?;
    if said.error.is_some_and(|error| error.contains(NOT_SERVING)) {
        return Some(Answer::NotServing);
    }
    said.server_state.as_ref()?;
    let number = |value: Option<serde_json::Value>| value.map(|value| value.to_string());
    Some(Answer::Monitor(Monitor {
        version: said.version.map(|version| release(&version)),
        mode: said.server_state,
        latency_ms: number(said.avg_latency),
        connections: number(said.num_alive_connections),
        outstanding: number(said.outstanding_requests),
    }))
}

/// `3.8.4-9316c2a…, built on 2024-02-12` is `3.8.4`.
fn release(version: &str) -> String {
    version
        .split(['-', ','])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn cause(error: &io::Error) -> Cause {
    if error.kind() == io::ErrorKind::TimedOut {
        Cause::TimedOut
    } else {
        Cause::Unreachable
    }
}

fn no_answer(limit: Duration) -> io::Error {
    let seconds = limit.as_secs_f32();
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("no answer within {seconds} s"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected() -> Monitor {
        let some = |text: &str| Some(text.to_owned());
        Monitor {
            version: some("3.8.4"),
            mode: some("standalone"),
            latency_ms: some("0.5263"),
            connections: some("2"),
            outstanding: some("0"),
        }
    }

    #[test]
    fn reads_all_three_answers() {
        let mntr = "zk_version\t3.8.4-9316c2a7, built on 2024-02-12 22:16 UTC\nzk_server_state\tstandalone\n\
            zk_avg_latency\t0.5263\nzk_num_alive_connections\t2\nzk_outstanding_requests\t0\n";
        assert_eq!(read(mntr, parse_mntr), Answer::Monitor(expected()));
        let srvr = "Zookeeper version: 3.8.4-9316c2a7, built on 2024-02-12 22:16 UTC\n\
            Latency min/avg/max: 0/0.5263/9\nReceived: 20\nSent: 19\nConnections: 2\nOutstanding: 0\n\
            Zxid: 0x4f\nMode: standalone\nNode count: 30\n";
        assert_eq!(read(srvr, parse_srvr), Answer::Monitor(expected()));
        let admin =
            br#"{"version":"3.8.4-9316c2a7, built on 2024-02-12","server_state":"standalone",
            "avg_latency":0.5263,"num_alive_connections":2,"outstanding_requests":0,"error":null}"#;
        assert_eq!(read_admin(admin), Some(Answer::Monitor(expected())));
    }

    #[test]
    fn a_word_that_is_not_allowed_is_no_failure() {
        let said = "mntr is not executed because it is not in the whitelist.\n";
        assert_eq!(read(said, parse_mntr), Answer::Restricted);
        let said = "This ZooKeeper instance is not currently serving requests\n";
        assert_eq!(read(said, parse_srvr), Answer::NotServing);
        let said = "HTTP/1.1 400 Bad Request\r\n";
        assert!(matches!(read(said, parse_mntr), Answer::Unreadable(_)));
    }
}
