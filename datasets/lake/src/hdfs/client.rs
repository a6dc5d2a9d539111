//! One client a process and URL.

use crate::error::{LakeError, Result};
use crate::limit::Limit;
use hdfs_native::{Client, ClientBuilder};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// Where the `NameNode` is and who asks: `hdfs://[user@]host:port` or `hdfs://[user@]nameservice`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct HdfsUrl {
    /// Without the user.
    pub(crate) base: String,
    user: Option<String>,
}

impl HdfsUrl {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let invalid = |reason: &str| LakeError::InvalidUrl {
            url: text.to_owned(),
            reason: reason.to_owned(),
        };
        let url = url::Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| invalid("it names no host"))?;
        if url.password().is_some() {
            // Never repeat it.
            return Err(LakeError::InvalidUrl {
                url: format!("hdfs://{}:…@{host}", url.username()),
                reason: "HDFS has no passwords; use Kerberos".to_owned(),
            });
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(
                "the lake is the whole file system: nothing may follow the host",
            ));
        }
        let port = url.port().map(|port| format!(":{port}"));
        Ok(Self {
            base: format!("hdfs://{host}{}", port.unwrap_or_default()),
            user: (!url.username().is_empty()).then(|| url.username().to_owned()),
        })
    }
}

/// The name space of one HDFS.
#[derive(Clone, Debug)]
pub(crate) struct Hdfs {
    pub(super) client: Client,
    pub(super) limit: Limit,
}

impl Hdfs {
    pub(crate) fn open(url: &HdfsUrl, conf_dir: Option<PathBuf>, limit: Limit) -> Result<Self> {
        let client = client(&Key {
            url: url.clone(),
            conf_dir,
            limit,
        })?;
        Ok(Self { client, limit })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    url: HdfsUrl,
    conf_dir: Option<PathBuf>,
    limit: Limit,
}

/// A client that ever opened a writer is never freed by hdfs-native, so they are shared.
static CLIENTS: LazyLock<Mutex<HashMap<Key, Client>>> = LazyLock::new(Mutex::default);

/// Connections outlive the runtime that first used them, so they need one that lasts as long as
/// the process.
static IO: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("hdfs")
        .enable_all()
        .build()
});

fn client(key: &Key) -> Result<Client> {
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.get(key) {
        return Ok(client.clone());
    }
    let client = build(key)?;
    clients.insert(key.clone(), client.clone());
    Ok(client)
}

fn build(key: &Key) -> Result<Client> {
    let invalid = |reason: String| LakeError::InvalidUrl {
        url: key.url.base.clone(),
        reason,
    };
    let mut builder = ClientBuilder::new()
        .with_url(&key.url.base)
        .with_io_runtime(io_runtime().map_err(|error| invalid(error.to_string()))?)
        .with_config(overrides(key.limit.0));
    if let Some(user) = &key.url.user {
        builder = builder.with_user(user);
    }
    if let Some(directory) = &key.conf_dir {
        // hdfs-native would take a missing directory for an empty one.
        if !["core-site.xml", "hdfs-site.xml"]
            .iter()
            .any(|file| directory.join(file).is_file())
        {
            return Err(invalid(format!(
                "HADOOP_CONF_DIR {} has neither core-site.xml nor hdfs-site.xml",
                directory.display()
            )));
        }
        builder = builder.with_config_dir(directory.to_string_lossy());
    }
    builder.build().map_err(|error| {
        let reason = error.to_string();
        invalid(if reason.contains("No NameNode hosts") {
            "it has no port, and HADOOP_CONF_DIR names no nameservice of that name".to_owned()
        } else {
            reason
        })
    })
}

/// Repeats and waits belong to the lake's own limit: with Hadoop's defaults a closed port blocks
/// for three minutes, and a `DataNode` that hangs is given up after our limit instead of within it.
fn overrides(limit: Duration) -> [(&'static str, String); 4] {
    let socket_timeout = limit.mul_f32(0.4).as_millis().max(1);
    [
        ("dfs.client.failover.max.attempts", "4".to_owned()),
        ("dfs.client.failover.sleep.base.millis", "100".to_owned()),
        ("dfs.client.failover.sleep.max.millis", "1000".to_owned()),
        ("dfs.client.socket-timeout", socket_timeout.to_string()),
    ]
}

fn io_runtime() -> std::result::Result<Handle, &'static std::io::Error> {
    IO.as_ref().map(|runtime| runtime.handle().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_host_with_port_a_nameservice_and_a_user() {
        let parse = |text| HdfsUrl::parse(text).unwrap();
        assert_eq!(
            parse("hdfs://127.0.0.1:8020/").base,
            "hdfs://127.0.0.1:8020"
        );
        assert_eq!(parse("hdfs://retail").base, "hdfs://retail");
        let with_user = parse("hdfs://flume@retail");
        assert_eq!(with_user.base, "hdfs://retail");
        assert_eq!(with_user.user.as_deref(), Some("flume"));
    }

    #[test]
    fn refuses_a_password_without_repeating_it() {
        let error = HdfsUrl::parse("hdfs://a:hunter2@retail")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("Kerberos") && !error.contains("hunter2"),
            "{error}"
        );
    }

    #[test]
    fn refuses_a_path_in_the_url() {
        assert!(HdfsUrl::parse("hdfs://retail:8020/user").is_err());
        assert!(HdfsUrl::parse("hdfs://").is_err());
    }

    #[test]
    fn a_configuration_directory_that_is_none_is_refused() {
        let url = HdfsUrl::parse("hdfs://retail").unwrap();
        let empty = tempfile::tempdir().unwrap();
        let error = Hdfs::open(
            &url,
            Some(empty.path().to_owned()),
            Limit(Duration::from_secs(1)),
        );
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("neither core-site.xml")
        );
    }

    #[test]
    fn a_nameservice_is_looked_up_in_the_configuration_directory() {
        let url = HdfsUrl::parse("hdfs://retail").unwrap();
        let directory = tempfile::tempdir().unwrap();
        let write = |properties: &[(&str, &str)]| {
            let properties: Vec<String> = properties
                .iter()
                .map(|(name, value)| {
                    format!("<property><name>{name}</name><value>{value}</value></property>")
                })
                .collect();
            let xml = format!("<configuration>{}</configuration>", properties.concat());
            std::fs::write(directory.path().join("hdfs-site.xml"), xml).unwrap();
        };
        let open = || {
            Hdfs::open(
                &url,
                Some(directory.path().to_owned()),
                Limit(Duration::from_secs(1)),
            )
        };
        write(&[]);
        assert!(
            open()
                .unwrap_err()
                .to_string()
                .contains("names no nameservice")
        );
        write(&[
            ("dfs.ha.namenodes.retail", "a,b"),
            ("dfs.namenode.rpc-address.retail.a", "127.0.0.1:1"),
            ("dfs.namenode.rpc-address.retail.b", "127.0.0.1:2"),
        ]);
        open().unwrap();
    }
}
