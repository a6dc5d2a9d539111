//! Every setting there is, and its names in a file and in the environment.

use std::fmt;

/// One setting. `Display` gives its name in `comptoir.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    DataDir,
    ShopCurrency,
    ShopTimeZone,
    ErpUrl,
    ErpUsername,
    ErpPasswordFile,
    LakeUrl,
    LakeHadoopConfDir,
    LakeTimeoutS,
    ImportTable,
    ImportTargetDir,
    ImportMappers,
    ImportEveryS,
    JobsFile,
    ViewsDir,
    ViewsTargetDir,
    ViewsSilverDir,
    ViewsReferenceDir,
    ViewsQualityFile,
    ViewsMemoryMb,
    ViewsWaitS,
    ViewsEveryS,
    WarehouseUrl,
    WarehouseUsername,
    WarehousePasswordFile,
    TransportUrl,
    TransportTopic,
    TransportPartitions,
    TransportReplication,
    TransportKafkaProperties,
    SpeedListen,
    SpeedAllowRemote,
    SpeedGroup,
    SpeedDeadLettersKeepDays,
    ArchiveDir,
    ArchiveListen,
    ArchiveAllowRemote,
    ArchiveGroup,
    ArchiveEveryS,
    ArchiveRecords,
    ArchiveUpkeepEveryS,
    ArchiveKeepDays,
    ReconcileEveryS,
    LogshipListen,
    LogshipAllowRemote,
    LogshipSource,
    LogshipTargetDir,
    LogshipStateDir,
    LogshipSigningKeyFile,
    LogshipAnchorDir,
    LogshipSealAfterS,
    LogshipHsyncEveryMs,
    WebListen,
    WebAllowRemoteWithoutLogin,
    WebAccessDir,
    WebTlsCertificate,
    WebTlsKey,
    WebLogsUrl,
    HealthZookeeper,
    HealthZookeeperAdminUrl,
    HealthNamenodeUrl,
    LogLevel,
    LogFile,
}

/// What a variable of the environment is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    Sets(Key),
    /// Not ours, or ours but no setting: the service scripts write it, or a test reads it.
    Other,
    /// It has our prefix and no meaning: most likely a slip of the pen.
    Unknown,
}

/// Hadoop's own name for the directory of its configuration; ours beats it.
pub(crate) const HADOOP_CONF_DIR: &str = "HADOOP_CONF_DIR";

const PREFIX: &str = "COMPTOIR_";

impl Key {
    pub const ALL: [Self; 63] = [
        Self::DataDir,
        Self::ShopCurrency,
        Self::ShopTimeZone,
        Self::ErpUrl,
        Self::ErpUsername,
        Self::ErpPasswordFile,
        Self::LakeUrl,
        Self::LakeHadoopConfDir,
        Self::LakeTimeoutS,
        Self::ImportTable,
        Self::ImportTargetDir,
        Self::ImportMappers,
        Self::ImportEveryS,
        Self::JobsFile,
        Self::ViewsDir,
        Self::ViewsTargetDir,
        Self::ViewsSilverDir,
        Self::ViewsReferenceDir,
        Self::ViewsQualityFile,
        Self::ViewsMemoryMb,
        Self::ViewsWaitS,
        Self::ViewsEveryS,
        Self::WarehouseUrl,
        Self::WarehouseUsername,
        Self::WarehousePasswordFile,
        Self::TransportUrl,
        Self::TransportTopic,
        Self::TransportPartitions,
        Self::TransportReplication,
        Self::TransportKafkaProperties,
        Self::SpeedListen,
        Self::SpeedAllowRemote,
        Self::SpeedGroup,
        Self::SpeedDeadLettersKeepDays,
        Self::ArchiveDir,
        Self::ArchiveListen,
        Self::ArchiveAllowRemote,
        Self::ArchiveGroup,
        Self::ArchiveEveryS,
        Self::ArchiveRecords,
        Self::ArchiveUpkeepEveryS,
        Self::ArchiveKeepDays,
        Self::ReconcileEveryS,
        Self::LogshipListen,
        Self::LogshipAllowRemote,
        Self::LogshipSource,
        Self::LogshipTargetDir,
        Self::LogshipStateDir,
        Self::LogshipSigningKeyFile,
        Self::LogshipAnchorDir,
        Self::LogshipSealAfterS,
        Self::LogshipHsyncEveryMs,
        Self::WebListen,
        Self::WebAllowRemoteWithoutLogin,
        Self::WebAccessDir,
        Self::WebTlsCertificate,
        Self::WebTlsKey,
        Self::WebLogsUrl,
        Self::HealthZookeeper,
        Self::HealthZookeeperAdminUrl,
        Self::HealthNamenodeUrl,
        Self::LogLevel,
        Self::LogFile,
    ];

    /// As in `comptoir.toml`, the section before the point.
    pub fn name(self) -> &'static str {
        match self {
            Self::DataDir => "data_dir",
            Self::ShopCurrency => "shop.currency",
            Self::ShopTimeZone => "shop.time_zone",
            Self::ErpUrl => "erp.url",
            Self::ErpUsername => "erp.username",
            Self::ErpPasswordFile => "erp.password_file",
            Self::LakeUrl => "lake.url",
            Self::LakeHadoopConfDir => "lake.hadoop_conf_dir",
            Self::LakeTimeoutS => "lake.timeout_s",
            Self::ImportTable => "import.table",
            Self::ImportTargetDir => "import.target_dir",
            Self::ImportMappers => "import.mappers",
            Self::ImportEveryS => "import.every_s",
            Self::JobsFile => "jobs.file",
            Self::ViewsDir => "views.dir",
            Self::ViewsTargetDir => "views.target_dir",
            Self::ViewsSilverDir => "views.silver_dir",
            Self::ViewsReferenceDir => "views.reference_dir",
            Self::ViewsQualityFile => "views.quality_file",
            Self::ViewsMemoryMb => "views.memory_mb",
            Self::ViewsWaitS => "views.wait_s",
            Self::ViewsEveryS => "views.every_s",
            Self::WarehouseUrl => "warehouse.url",
            Self::WarehouseUsername => "warehouse.username",
            Self::WarehousePasswordFile => "warehouse.password_file",
            Self::TransportUrl => "transport.url",
            Self::TransportTopic => "transport.topic",
            Self::TransportPartitions => "transport.partitions",
            Self::TransportReplication => "transport.replication",
            Self::TransportKafkaProperties => "transport.kafka_properties",
            Self::SpeedListen => "speed.listen",
            Self::SpeedAllowRemote => "speed.allow_remote",
            Self::SpeedGroup => "speed.group",
            Self::SpeedDeadLettersKeepDays => "speed.dead_letters_keep_days",
            Self::ArchiveDir => "archive.dir",
            Self::ArchiveListen => "archive.listen",
            Self::ArchiveAllowRemote => "archive.allow_remote",
            Self::ArchiveGroup => "archive.group",
            Self::ArchiveEveryS => "archive.every_s",
            Self::ArchiveRecords => "archive.records",
            Self::ArchiveUpkeepEveryS => "archive.upkeep_every_s",
            Self::ArchiveKeepDays => "archive.keep_days",
            Self::ReconcileEveryS => "reconcile.every_s",
            Self::LogshipListen => "logship.listen",
            Self::LogshipAllowRemote => "logship.allow_remote",
            Self::LogshipSource => "logship.source",
            Self::LogshipTargetDir => "logship.target_dir",
            Self::LogshipStateDir => "logship.state_dir",
            Self::LogshipSigningKeyFile => "logship.signing_key_file",
            Self::LogshipAnchorDir => "logship.anchor_dir",
            Self::LogshipSealAfterS => "logship.seal_after_s",
            Self::LogshipHsyncEveryMs => "logship.hsync_every_ms",
            Self::WebListen => "web.listen",
            Self::WebAllowRemoteWithoutLogin => "web.allow_remote_without_login",
            Self::WebAccessDir => "web.access_dir",
            Self::WebTlsCertificate => "web.tls_certificate",
            Self::WebTlsKey => "web.tls_key",
            Self::WebLogsUrl => "web.logs_url",
            Self::HealthZookeeper => "health.zookeeper",
            Self::HealthZookeeperAdminUrl => "health.zookeeper_admin_url",
            Self::HealthNamenodeUrl => "health.namenode_url",
            Self::LogLevel => "log.level",
            Self::LogFile => "log.file",
        }
    }

    /// As in the environment and in `.env`: `COMPTOIR_ERP_URL`.
    pub fn variable(self) -> String {
        format!("{PREFIX}{}", self.name().replace('.', "_").to_uppercase())
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Variable {
    pub(crate) fn of(name: &str) -> Self {
        if name == HADOOP_CONF_DIR {
            return Self::Sets(Key::LakeHadoopConfDir);
        }
        if !name.starts_with(PREFIX) {
            return Self::Other;
        }
        match Key::ALL.into_iter().find(|key| key.variable() == name) {
            Some(key) => Self::Sets(key),
            None if is_of_the_scripts(name) => Self::Other,
            None => Self::Unknown,
        }
    }
}

/// The variables that `compose/services` writes or reads, and those of the test commands.
fn is_of_the_scripts(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return false;
    };
    rest.ends_with("_PORT")
        || ["SERVICES_", "KAFKA_", "ZOOKEEPER", "MYSQL_", "TEST_"]
            .iter()
            .any(|start| rest.starts_with(start))
        || ["PORT_OFFSET", "LONG"].contains(&rest)
}

/// The known name that looks most like this one, if any does; one that goes on from it does most.
pub fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let known: Vec<_> = known.collect();
    let longer = |known: &&String| name.len() > 8 && known.starts_with(name);
    if let Some(longer) = known.iter().find(longer) {
        return Some(longer.clone());
    }
    (known.into_iter())
        .map(|candidate| (strsim::damerau_levenshtein(name, &candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance * 2 <= name.len())
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_in_both_spellings() {
        let names: std::collections::HashSet<_> = Key::ALL.map(Key::name).into();
        let variables: std::collections::HashSet<_> = Key::ALL.map(Key::variable).into();
        assert_eq!(
            (names.len(), variables.len()),
            (Key::ALL.len(), Key::ALL.len())
        );
        assert!(variables.contains("COMPTOIR_ERP_PASSWORD_FILE"));
    }

    #[test]
    fn tells_settings_from_the_scripts_variables() {
        assert_eq!(
            Variable::of("COMPTOIR_LAKE_URL"),
            Variable::Sets(Key::LakeUrl)
        );
        assert_eq!(
            Variable::of("HADOOP_CONF_DIR"),
            Variable::Sets(Key::LakeHadoopConfDir)
        );
        // Some settings begin like a variable of the scripts.
        for key in Key::ALL {
            assert_eq!(Variable::of(&key.variable()), Variable::Sets(key));
        }
        for name in ["PATH", "COMPTOIR_SERVICES_DIR", "COMPTOIR_NAMENODE_PORT"] {
            assert_eq!(Variable::of(name), Variable::Other, "{name}");
        }
        for name in ["COMPTOIR_LAKE_ULR", "COMPTOIR_TRANSPORT_ULR"] {
            assert_eq!(Variable::of(name), Variable::Unknown, "{name}");
        }
    }

    #[test]
    fn finds_the_name_that_was_meant() {
        let known = || Key::ALL.into_iter().map(|key| key.name().to_owned());
        assert_eq!(nearest("erp.ulr", known()).as_deref(), Some("erp.url"));
        assert_eq!(
            nearest("web.allow_remote", known()).as_deref(),
            Some("web.allow_remote_without_login")
        );
        assert_eq!(
            nearest("import.mapers", known()).as_deref(),
            Some("import.mappers")
        );
        assert_eq!(nearest("zzzzzz", known()), None);
    }
}
