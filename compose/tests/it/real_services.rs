//! What `compose/services up` says about the services it runs.

use comptoir_batch::database::{Access, Database, Limits, Login};
use comptoir_config::{DatabaseUrl, read_secret_file};
use comptoir_lake::{Lake, LakeOptions, LakePath, Recursive};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Its `env` file, by variable.
pub(crate) fn env() -> BTreeMap<String, String> {
    let path = std::env::var_os("COMPTOIR_SERVICES_ENV").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.comptoir/services/env"),
        PathBuf::from,
    );
    read_env(&path)
}

pub(crate) fn read_env(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}\nhint: compose/services up", path.display()));
    text.lines()
        .filter_map(|line| line.trim_start_matches("export ").split_once('='))
        .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
        .collect()
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Server {
    MariaDb,
    MySql,
}

/// A table and a directory of one test alone, on the real services.
pub(crate) struct OwnPlaces {
    env: BTreeMap<String, String>,
    url: &'static str,
    password_file: &'static str,
    pub(crate) table: String,
    target: String,
    logs: String,
}

impl OwnPlaces {
    pub(crate) fn new(server: Server, test: &str) -> Self {
        let id = std::process::id();
        let (url, password_file) = match server {
            Server::MariaDb => ("COMPTOIR_ERP_URL", "COMPTOIR_ERP_PASSWORD_FILE"),
            Server::MySql => ("COMPTOIR_MYSQL_URL", "COMPTOIR_MYSQL_PASSWORD_FILE"),
        };
        let env = env();
        assert!(
            env.contains_key(url),
            "{server:?} is not up\nhint: compose/services up mysql"
        );
        Self {
            env,
            url,
            password_file,
            table: format!("sales_{test}_{id}"),
            target: format!("/tmp/{test}-{server:?}-{id}/sales"),
            logs: format!("/tmp/{test}-{server:?}-{id}/logs"),
        }
    }

    /// For the launcher.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("COMPTOIR_ERP_URL", &self.env[self.url]),
            ("COMPTOIR_ERP_USERNAME", &self.env["COMPTOIR_ERP_USERNAME"]),
            ("COMPTOIR_ERP_PASSWORD_FILE", &self.env[self.password_file]),
            ("COMPTOIR_LAKE_URL", &self.env["COMPTOIR_LAKE_URL"]),
            ("HADOOP_CONF_DIR", &self.env["HADOOP_CONF_DIR"]),
            ("COMPTOIR_IMPORT_TABLE", &self.table),
            ("COMPTOIR_IMPORT_TARGET_DIR", &self.target),
            ("COMPTOIR_LOGSHIP_TARGET_DIR", &self.logs),
        ]
    }

    /// Where the import is to be found.
    pub(crate) fn location(&self) -> String {
        format!("{}{}", self.env["COMPTOIR_LAKE_URL"], self.target)
    }

    pub(crate) async fn database(&self) -> Database {
        let password = read_secret_file(Path::new(&self.env[self.password_file])).unwrap();
        let login = Login {
            username: Some(self.env["COMPTOIR_ERP_USERNAME"].clone()),
            password: Some(password),
        };
        let url: DatabaseUrl = self.env[self.url].parse().unwrap();
        Database::connect(&url, &login, Access::Write, Limits::default())
            .await
            .unwrap()
    }

    pub(crate) async fn remove(&self) {
        let drop = format!("DROP TABLE `{}`", self.table);
        self.database()
            .await
            .execute("cleaning up", &drop)
            .await
            .unwrap();
        let lake = Lake::open(&self.env["COMPTOIR_LAKE_URL"], LakeOptions::default()).unwrap();
        let directory = LakePath::parse(&self.target).unwrap().parent().unwrap();
        assert!(lake.delete(&directory, Recursive::Yes).await.unwrap());
    }
}
