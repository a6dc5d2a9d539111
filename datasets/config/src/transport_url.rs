//! Where live events come from.

use crate::address::{Address, Addresses};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A transport; the topic is another setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportUrl {
    /// A directory with a file for each partition.
    Jsonl(PathBuf),
    /// The brokers to ask first, at least one.
    Kafka(Vec<Address>),
}

/// Why a text is no transport.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportUrlError {
    #[error("this is no transport\nhint: use jsonl:DIRECTORY or kafka:HOST:PORT[,HOST:PORT…]")]
    Syntax,
    #[error("the URL names no directory\nhint: use jsonl:DIRECTORY")]
    NoDirectory,
    #[error("these are no brokers\nhint: use kafka:HOST:PORT[,HOST:PORT…]")]
    Brokers,
}

impl TransportUrl {
    /// Resolves a relative directory against `base`.
    #[must_use]
    pub fn relative_to(self, base: &Path) -> Self {
        match self {
            Self::Jsonl(directory) => Self::Jsonl(base.join(directory)),
            kafka @ Self::Kafka(_) => kafka,
        }
    }
}

impl FromStr for TransportUrl {
    type Err = TransportUrlError;

    fn from_str(text: &str) -> Result<Self, TransportUrlError> {
        match text.split_once(':') {
            Some(("jsonl", "" | "//")) => Err(TransportUrlError::NoDirectory),
            Some(("jsonl", directory)) => {
                let directory = directory.strip_prefix("//").unwrap_or(directory);
                Ok(Self::Jsonl(directory.into()))
            }
            Some(("kafka", brokers)) => {
                let brokers = brokers.strip_prefix("//").unwrap_or(brokers);
                let brokers = brokers.parse::<Addresses>();
                let brokers = brokers.map_err(|_| TransportUrlError::Brokers)?;
                Ok(Self::Kafka(brokers.into_vec()))
            }
            _ => Err(TransportUrlError::Syntax),
        }
    }
}

impl fmt::Display for TransportUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jsonl(directory) => write!(f, "jsonl:{}", directory.display()),
            Self::Kafka(brokers) => {
                let brokers: Vec<_> = brokers.iter().map(ToString::to_string).collect();
                write!(f, "kafka:{}", brokers.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_directory_and_brokers() {
        for (text, shown) in [
            ("jsonl:live", "jsonl:live"),
            ("jsonl:///var/live", "jsonl:/var/live"),
            ("kafka:a:9092, b:9092", "kafka:a:9092,b:9092"),
            ("kafka://[::1]:9092", "kafka:[::1]:9092"),
        ] {
            assert_eq!(text.parse::<TransportUrl>().unwrap().to_string(), shown);
        }
        let live: TransportUrl = "jsonl:live".parse().unwrap();
        let live = live.relative_to(Path::new("/var"));
        assert_eq!(live, TransportUrl::Jsonl("/var/live".into()));
    }

    #[test]
    fn refuses_what_is_no_transport() {
        for (text, error) in [
            ("live", TransportUrlError::Syntax),
            ("file:///live", TransportUrlError::Syntax),
            ("jsonl:", TransportUrlError::NoDirectory),
            ("kafka:", TransportUrlError::Brokers),
            ("kafka:broker", TransportUrlError::Brokers),
        ] {
            assert_eq!(text.parse::<TransportUrl>(), Err(error), "{text}");
        }
    }
}
