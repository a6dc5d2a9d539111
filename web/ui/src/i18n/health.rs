//! The words of the Health page.

use super::Language;
use Language::{English, French};
use comptoir_model::api::health::{Cause, FactName, PartKind, PartState};

pub(crate) struct HealthText {
    pub(crate) services: &'static str,
    pub(crate) processes: &'static str,
    pub(crate) no_parts: &'static str,
    pub(crate) not_asked: &'static str,
}

pub(super) const ENGLISH: HealthText = HealthText {
    services: "Services",
    processes: "Own processes",
    no_parts: "No part is configured.",
    not_asked: "not asked yet",
};

pub(super) const FRENCH: HealthText = HealthText {
    services: "Services",
    processes: "Nos processus",
    no_parts: "Aucune partie n’est configurée.",
    not_asked: "pas encore interrogé",
};

pub(crate) fn kind(language: Language, kind: PartKind) -> &'static str {
    match (kind, language) {
        (PartKind::Zookeeper, _) => "ZooKeeper",
        (PartKind::KafkaBroker, English) => "Kafka broker",
        (PartKind::KafkaBroker, French) => "Broker Kafka",
        (PartKind::KafkaTopic, English) => "Kafka topic",
        (PartKind::KafkaTopic, French) => "Topic Kafka",
        (PartKind::JsonlTransport, English) => "Event files (JSONL)",
        (PartKind::JsonlTransport, French) => "Fichiers d’événements (JSONL)",
        (PartKind::Consumer, English) => "Consumer lag",
        (PartKind::Consumer, French) => "Retard du consommateur",
        (PartKind::NameNode, _) => "HDFS NameNode",
        (PartKind::Lake, English) => "Lake",
        (PartKind::Lake, French) => "Lac",
        (PartKind::Warehouse, English) => "Warehouse",
        (PartKind::Warehouse, French) => "Entrepôt de données",
        (PartKind::Erp, _) => "ERP",
        (PartKind::Certificate, English) => "Certificate (TLS)",
        (PartKind::Certificate, French) => "Certificat (TLS)",
        (PartKind::Process, English) => "Process",
        (PartKind::Process, French) => "Processus",
    }
}

pub(crate) fn state(language: Language, state: PartState) -> &'static str {
    match (state, language) {
        (PartState::Up, English) => "up",
        (PartState::Up, French) => "en marche",
        (PartState::Degraded, English) => "degraded",
        (PartState::Degraded, French) => "affaibli",
        (PartState::Down, English) => "down",
        (PartState::Down, French) => "en panne",
        (PartState::Restricted, English) => "restricted",
        (PartState::Restricted, French) => "accès restreint",
        (PartState::Unknown, English) => "not known yet",
        (PartState::Unknown, French) => "pas encore connu",
    }
}

pub(crate) fn cause(language: Language, cause: Cause) -> &'static str {
    match (cause, language) {
        (Cause::Unreachable, English) => "It cannot be reached.",
        (Cause::Unreachable, French) => "Il est injoignable.",
        (Cause::TimedOut, English) => "It took too long to answer.",
        (Cause::TimedOut, French) => "Il a mis trop de temps à répondre.",
        (Cause::LoginRefused, English) => "It refuses our login.",
        (Cause::LoginRefused, French) => "Il refuse notre identification.",
        (Cause::NotWhitelisted, English) => {
            "It runs, but its administrator does not let us ask: no command that tells is on its \
             whitelist."
        }
        (Cause::NotWhitelisted, French) => {
            "Il tourne, mais son administrateur ne nous laisse pas l’interroger : aucune commande \
             utile n’est sur sa liste blanche."
        }
        (Cause::BadAnswer, English) => "It answered something we cannot read.",
        (Cause::BadAnswer, French) => "Sa réponse est illisible.",
        (Cause::SafeMode, English) => "It is in safe mode: nothing can be written.",
        (Cause::SafeMode, French) => "Il est en mode sans échec : rien ne peut être écrit.",
        (Cause::NoLiveDataNode, English) => "No DataNode is alive.",
        (Cause::NoLiveDataNode, French) => "Aucun DataNode n’est vivant.",
        (Cause::MissingBlocks, English) => "Blocks are missing.",
        (Cause::MissingBlocks, French) => "Des blocs manquent.",
        (Cause::NotRegistered, English) => "It is not registered in ZooKeeper.",
        (Cause::NotRegistered, French) => "Il n’est pas enregistré dans ZooKeeper.",
        (Cause::NoController, English) => "The cluster has no controller.",
        (Cause::NoController, French) => "Le cluster n’a pas de contrôleur.",
        (Cause::UnderReplicated, English) => "Partitions lack in-sync replicas.",
        (Cause::UnderReplicated, French) => "Il manque des réplicas synchronisés.",
        (Cause::OfflinePartitions, English) => "Partitions have no leader.",
        (Cause::OfflinePartitions, French) => "Des partitions n’ont pas de leader.",
        (Cause::NoTopic, English) => "There is no such topic.",
        (Cause::NoTopic, French) => "Ce topic n’existe pas.",
        (Cause::Behind, English) => "It is behind.",
        (Cause::Behind, French) => "Il est en retard.",
        (Cause::NotSeen, English) => "It has not been seen lately.",
        (Cause::NotSeen, French) => "Il n’a plus donné signe de vie.",
        (Cause::Waiting, English) => "It waits for something else.",
        (Cause::Waiting, French) => "Il attend autre chose.",
        (Cause::Failed, English) => "It has failed.",
        (Cause::Failed, French) => "Il a échoué.",
        (Cause::Missing, English) => "It is missing.",
        (Cause::Missing, French) => "Il manque.",
        (Cause::LagGrows, English) => "It reads, but more and more waits.",
        (Cause::LagGrows, French) => "Il lit, mais son retard ne diminue jamais.",
        (Cause::Stalled, English) => "It stands still while records wait.",
        (Cause::Stalled, French) => "Il reste sur place alors que des messages attendent.",
        (Cause::Stopped, English) => "It does not read any more.",
        (Cause::Stopped, French) => "Il ne lit plus.",
        (Cause::Rewound, English) => "It went back to an earlier offset.",
        (Cause::Rewound, French) => "Il est revenu à un offset antérieur.",
    }
}

/// The name of a fact; its unit is part of it where it has one.
pub(crate) fn fact(language: Language, name: FactName) -> &'static str {
    match (name, language) {
        (FactName::Version, _) => "Version",
        (FactName::Mode, _) => "Mode",
        (FactName::LatencyMs, English) => "Latency",
        (FactName::LatencyMs, French) => "Latence",
        (FactName::Connections, English) => "Connections",
        (FactName::Connections, French) => "Connexions",
        (FactName::OutstandingRequests, English) => "Outstanding requests",
        (FactName::OutstandingRequests, French) => "Requêtes en cours",
        (FactName::AnsweredBy, English) => "Answered by",
        (FactName::AnsweredBy, French) => "Réponse de",
        (FactName::Controller, English) => "Controller",
        (FactName::Controller, French) => "Contrôleur",
        (FactName::Partitions, _) => "Partitions",
        (FactName::UnderReplicatedPartitions, English) => "Under-replicated",
        (FactName::UnderReplicatedPartitions, French) => "Sous-répliquées",
        (FactName::OfflinePartitions, English) => "Offline",
        (FactName::OfflinePartitions, French) => "Hors ligne",
        (FactName::LagRecords, English) => "Consumer lag",
        (FactName::LagRecords, French) => "Retard du consommateur",
        (FactName::LagBytes, English) => "Lag",
        (FactName::LagBytes, French) => "Retard",
        (FactName::LiveDataNodes, English) => "Live DataNodes",
        (FactName::LiveDataNodes, French) => "DataNodes vivants",
        (FactName::DeadDataNodes, English) => "Dead DataNodes",
        (FactName::DeadDataNodes, French) => "DataNodes morts",
        (FactName::CapacityBytes, English) => "Capacity",
        (FactName::CapacityBytes, French) => "Capacité",
        (FactName::RemainingBytes, English) => "Free",
        (FactName::RemainingBytes, French) => "Libre",
        (FactName::MissingBlocks, English) => "Missing blocks",
        (FactName::MissingBlocks, French) => "Blocs manquants",
        (FactName::Pid, _) => "PID",
        (FactName::Host, English) => "Host",
        (FactName::Host, French) => "Hôte",
        (FactName::StartedAt, English) => "Started",
        (FactName::StartedAt, French) => "Démarré",
        (FactName::Address, English) => "Address",
        (FactName::Address, French) => "Adresse",
    }
}

/// What the page's first sentence says of all parts together.
pub(crate) fn summary(language: Language, down: usize, weak: usize, all: usize) -> String {
    match (language, down, weak) {
        (English, 0, 0) => format!("All {all} parts are up"),
        (French, 0, 0) => format!("Les {all} parties sont en marche"),
        (English, 0, weak) => format!("{weak} of {all} parts need a look"),
        (French, 0, weak) => format!("{weak} parties sur {all} demandent un coup d’œil"),
        (English, 1, _) => format!("One of {all} parts is down"),
        (French, 1, _) => format!("Une partie sur {all} est en panne"),
        (English, down, _) => format!("{down} of {all} parts are down"),
        (French, down, _) => format!("{down} parties sur {all} sont en panne"),
    }
}

/// On the way to the page, from anywhere: how many parts are down.
pub(crate) fn down(language: Language, count: usize) -> String {
    match (language, count) {
        (English, 1) => "one part is down".to_owned(),
        (English, _) => format!("{count} parts are down"),
        (French, 1) => "une partie est en panne".to_owned(),
        (French, _) => format!("{count} parties sont en panne"),
    }
}

pub(crate) fn asked(language: Language, age: &str) -> String {
    match language {
        English => format!("asked {age}"),
        French => format!("interrogé {age}"),
    }
}

/// Of the last 24 h: how long the part was looked at, and how long it was down.
pub(crate) fn day(language: Language, known: &str, down: Option<&str>) -> String {
    match (language, down) {
        (English, None) => format!("last {known}: never down"),
        (English, Some(down)) => format!("last {known}: down for {down}"),
        (French, None) => format!("{known} : jamais en panne"),
        (French, Some(down)) => format!("{known} : en panne pendant {down}"),
    }
}
