//! HDFS, as its `NameNode` says by JMX over HTTP.

use super::finding::Finding;
use super::http::{self, Failure};
use comptoir_model::api::health::{Cause, FactName, PartKind, PartState};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

const ASK_MAX: Duration = Duration::from_millis(1500);

pub(crate) struct NameNodeProbe {
    /// The root of its web server.
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
}

/// The bean `FSNamesystemState`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Namesystem {
    #[serde(rename = "FSState")]
    state: String,
    num_live_data_nodes: u64,
    num_dead_data_nodes: u64,
    capacity_total: u64,
    capacity_remaining: u64,
}

/// The bean `NameNodeInfo`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    number_of_missing_blocks: u64,
    software_version: String,
}

#[derive(Deserialize)]
struct Beans<T> {
    beans: Vec<T>,
}

impl NameNodeProbe {
    pub(crate) fn part(&self) -> Finding {
        Finding::up(PartKind::NameNode, "namenode", &self.url)
    }

    pub(crate) async fn look(&self) -> Finding {
        let asked = tokio::join!(
            self.bean::<Namesystem>("FSNamesystemState"),
            self.bean::<Info>("NameNodeInfo")
        );
        match asked {
            (Ok(namesystem), Ok(info)) => judge(self.part(), &namesystem, &info),
            (Err(finding), _) | (_, Err(finding)) => *finding,
        }
    }

    async fn bean<T: DeserializeOwned>(&self, name: &str) -> Result<T, Box<Finding>> {
        let url = format!("{}/jmx?qry=Hadoop:service=NameNode,name={name}", self.url);
        let body = (http::get(&self.client, &url, ASK_MAX).await)
            .map_err(|failure| Box::new(self.failed(&failure)))?;
        let beans: Option<Beans<T>> = serde_json::from_slice(&body).ok();
        beans
            .and_then(|mut beans| beans.beans.pop())
            .ok_or_else(|| {
                let detail =
                    format!("{url} is no answer of a NameNode\nhint: check health.namenode_url");
                Box::new(self.part().down(Cause::BadAnswer, detail))
            })
    }

    fn failed(&self, failure: &Failure) -> Finding {
        let detail = failure.to_string();
        match failure {
            Failure::Unreachable { .. } => self.part().down(Cause::Unreachable, detail),
            Failure::TimedOut { .. } => self.part().down(Cause::TimedOut, detail),
            Failure::Status {
                status: 401 | 403, ..
            } => self
                .part()
                .but(PartState::Restricted, Cause::LoginRefused, detail),
            Failure::Status { .. } | Failure::TooLong { .. } => {
                self.part().down(Cause::BadAnswer, detail)
            }
        }
    }
}

fn judge(part: Finding, namesystem: &Namesystem, info: &Info) -> Finding {
    let part = part
        .fact(FactName::LiveDataNodes, namesystem.num_live_data_nodes)
        .fact(FactName::DeadDataNodes, namesystem.num_dead_data_nodes)
        .fact(FactName::CapacityBytes, namesystem.capacity_total)
        .fact(FactName::RemainingBytes, namesystem.capacity_remaining)
        .fact(FactName::MissingBlocks, info.number_of_missing_blocks)
        .fact(FactName::Version, &info.software_version)
        .fact(FactName::Mode, &namesystem.state);
    if namesystem.state != "Operational" {
        let detail = "it is in safe mode: everything can be read, nothing written\n\
            hint: it leaves by itself once the DataNodes have reported; hdfs dfsadmin -safemode leave";
        return part.but(PartState::Degraded, Cause::SafeMode, detail);
    }
    if namesystem.num_live_data_nodes == 0 {
        let detail = "no DataNode is alive: no file can be read or written\nhint: start a DataNode";
        return part.but(PartState::Degraded, Cause::NoLiveDataNode, detail);
    }
    if info.number_of_missing_blocks > 0 {
        let detail = format!(
            "{} blocks are missing\nhint: hdfs fsck / -list-corruptfileblocks",
            info.number_of_missing_blocks
        );
        return part.but(PartState::Degraded, Cause::MissingBlocks, detail);
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(state: &str, live: u64, missing: u64) -> (PartState, Option<Cause>) {
        let namesystem = Namesystem {
            state: state.to_owned(),
            num_live_data_nodes: live,
            num_dead_data_nodes: 0,
            capacity_total: 10,
            capacity_remaining: 5,
        };
        let info = Info {
            number_of_missing_blocks: missing,
            software_version: "3.4.2".to_owned(),
        };
        let part = Finding::up(PartKind::NameNode, "namenode", "http://nn:9870");
        let finding = judge(part, &namesystem, &info);
        (finding.state, finding.cause)
    }

    #[test]
    fn names_what_stops_work_first() {
        let degraded = |cause| (PartState::Degraded, Some(cause));
        assert_eq!(state("Operational", 1, 0), (PartState::Up, None));
        assert_eq!(state("safeMode", 0, 3), degraded(Cause::SafeMode));
        assert_eq!(state("Operational", 0, 3), degraded(Cause::NoLiveDataNode));
        assert_eq!(state("Operational", 2, 3), degraded(Cause::MissingBlocks));
    }
}
