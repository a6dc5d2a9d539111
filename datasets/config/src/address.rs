//! Servers by name and port.

use std::fmt;
use std::str::FromStr;

/// A server. `Display` gives `HOST:PORT`, an IPv6 address in brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    pub port: u16,
}

/// Why a text is no server, or no list of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not HOST:PORT, or several of them with commas between")]
pub struct AddressError(String);

/// One or more servers with commas between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addresses(Vec<Address>);

impl Addresses {
    pub(crate) fn into_vec(self) -> Vec<Address> {
        self.0
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let wrong = || AddressError(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bare = (host.strip_prefix('[')).map_or(Some(host), |rest| rest.strip_suffix(']'));
        let bare = bare.ok_or_else(wrong)?;
        let is_ipv6 = bare.parse::<std::net::Ipv6Addr>().is_ok();
        let is_name = |c: char| c.is_alphanumeric() || "._-".contains(c);
        let fits = if bare.len() < host.len() {
            is_ipv6
        } else {
            !bare.is_empty() && bare.chars().all(is_name)
        };
        let port = port.parse().ok().filter(|port| *port > 0);
        match port {
            Some(port) if fits => Ok(Self {
                host: bare.to_owned(),
                port,
            }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

impl FromStr for Addresses {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let each = text.split(',').map(|one| one.trim().parse());
        each.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_numbers() {
        let list: Addresses = "kafka-1.shop:9092, 10.0.0.2:9093,[::1]:9094"
            .parse()
            .unwrap();
        let shown: Vec<_> = list.into_vec().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["kafka-1.shop:9092", "10.0.0.2:9093", "[::1]:9094"]);
    }

    #[test]
    fn refuses_what_is_no_server() {
        for text in [
            "",
            "kafka",
            "kafka:",
            ":9092",
            "kafka:0",
            "kafka:99999",
            "::1:9092",
            "u@h:1",
            "http://h:1",
            "a:1,",
            "[a]:1",
            "[::1:1",
        ] {
            assert!(text.parse::<Addresses>().is_err(), "{text}");
        }
    }
}
