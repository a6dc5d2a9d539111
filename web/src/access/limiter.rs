//! How often a password may be tried. Pure: time is an argument.
//!
//! Each try is charged to whom it is for and where it comes from, and given back if the password
//! was right. A browser in which a user has logged in before is known by a cookie and is charged
//! alone: strangers who try that user's name can't lock the user out.

use super::secrets::Fingerprint;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// Where there are more, those go that would go next anyway.
const KEYS_MAX: usize = 20_000;

/// What a try is charged to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// A browser in which this user has logged in before.
    Browser(Fingerprint),
    /// This name from this address.
    Pair(String, IpAddr),
    /// Any name from this address.
    Address(IpAddr),
    /// This name from any address.
    User(String),
}

impl Key {
    /// How many tries at once, and how long it takes until there is one more.
    fn allowance(&self) -> (i32, SignedDuration) {
        match self {
            Self::Browser(_) => (10, SignedDuration::from_secs(30)),
            Self::Pair(..) => (5, SignedDuration::from_secs(30)),
            Self::Address(_) => (20, SignedDuration::from_secs(5)),
            Self::User(_) => (30, SignedDuration::from_secs(10)),
        }
    }
}

/// What a try is charged to. `browser` is known for this very user.
pub(crate) fn keys(user: &str, address: IpAddr, browser: Option<Fingerprint>) -> Vec<Key> {
    if let Some(browser) = browser {
        return vec![Key::Browser(browser)];
    }
    let address = network(address);
    let user = user.to_owned();
    vec![
        Key::Pair(user.clone(), address),
        Key::Address(address),
        Key::User(user),
    ]
}

/// Whoever has one address of IPv6 has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// For each key, when everything that was charged to it will have been worked off.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    free_at: HashMap<Key, Timestamp>,
}

impl Limiter {
    /// Charges one try, or says how long it has to wait; then nothing is charged.
    pub(crate) fn charge(&mut self, keys: &[Key], now: Timestamp) -> Result<(), SignedDuration> {
        let waits = keys.iter().map(|key| self.wait(key, now));
        if let Some(wait) = waits.max().filter(SignedDuration::is_positive) {
            return Err(wait);
        }
        for key in keys {
            let (_, pause) = key.allowance();
            let from = self.free_at.get(key).copied().unwrap_or(now).max(now);
            let free_at = from.saturating_add(pause).unwrap_or(Timestamp::MAX);
            self.free_at.insert(key.clone(), free_at);
        }
        self.forget(now);
        Ok(())
    }

    /// A try that was right: as if it had not been one.
    pub(crate) fn give_back(&mut self, keys: &[Key]) {
        for key in keys {
            let (_, pause) = key.allowance();
            if let Some(free_at) = self.free_at.get_mut(key) {
                *free_at = free_at.saturating_sub(pause).unwrap_or(Timestamp::MIN);
            }
        }
    }

    /// How long until this key has a try, negative where it has one.
    fn wait(&self, key: &Key, now: Timestamp) -> SignedDuration {
        let (at_once, pause) = key.allowance();
        let Some(free_at) = self.free_at.get(key) else {
            return SignedDuration::MIN;
        };
        // A clock that was put back must not lock anybody out.
        let charged = free_at.duration_since(now).min(pause * at_once);
        charged - pause * (at_once - 1)
    }

    fn forget(&mut self, now: Timestamp) {
        if self.free_at.len() <= KEYS_MAX {
            return;
        }
        self.free_at.retain(|_, free_at| *free_at > now);
        if self.free_at.len() > KEYS_MAX {
            let mut moments: Vec<_> = self.free_at.values().copied().collect();
            let (_, first_quarter, _) = moments.select_nth_unstable(KEYS_MAX / 4);
            let first_quarter = *first_quarter;
            self.free_at.retain(|_, free_at| *free_at > first_quarter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn after_some_tries_there_is_one_for_each_pause() {
        let mut limiter = Limiter::default();
        let ada = keys("ada", HERE, None);
        for _ in 0..5 {
            limiter.charge(&ada, at(0)).unwrap();
        }
        let wait = limiter.charge(&ada, at(0)).unwrap_err();
        assert_eq!(wait, SignedDuration::from_secs(30));
        // Others go on, and so does the same name from elsewhere.
        limiter.charge(&keys("bob", HERE, None), at(0)).unwrap();
        limiter.charge(&keys("ada", THERE, None), at(0)).unwrap();
        limiter.charge(&ada, at(30)).unwrap();
        limiter.charge(&ada, at(31)).unwrap_err();
        // Waiting for longer brings no more than at the start.
        for _ in 0..5 {
            limiter.charge(&ada, at(10_000)).unwrap();
        }
        limiter.charge(&ada, at(10_000)).unwrap_err();
    }

    #[test]
    fn tries_that_were_right_cost_nothing() {
        let mut limiter = Limiter::default();
        let ada = keys("ada", HERE, None);
        for _ in 0..100 {
            limiter.charge(&ada, at(0)).unwrap();
            limiter.give_back(&ada);
        }
    }

    #[test]
    fn one_address_tries_few_names_and_many_addresses_few_times_one_name() {
        let mut limiter = Limiter::default();
        let guess = |number: usize| keys(&format!("name-{number}"), HERE, None);
        let tries = (0..100).take_while(|number| limiter.charge(&guess(*number), at(0)).is_ok());
        assert_eq!(tries.count(), 20);

        let mut limiter = Limiter::default();
        let from = |number: u8| keys("ada", IpAddr::from([10, 0, 0, number]), None);
        let tries = (0..100).take_while(|number| limiter.charge(&from(*number), at(0)).is_ok());
        assert_eq!(tries.count(), 30);
        // The user's own browser is not in that queue.
        let known = Fingerprint::of("a cookie");
        limiter
            .charge(&keys("ada", HERE, Some(known)), at(0))
            .unwrap();
    }

    #[test]
    fn a_clock_that_is_put_back_locks_nobody_out() {
        let mut limiter = Limiter::default();
        let ada = keys("ada", HERE, None);
        while limiter.charge(&ada, at(1_000_000)).is_ok() {}
        let wait = limiter.charge(&ada, at(0)).unwrap_err();
        assert!(wait <= SignedDuration::from_secs(30), "{wait:?}");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_memory_is_bounded() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), HERE);

        let mut limiter = Limiter::default();
        for number in 0..8_000_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            let user = format!("name-{number}");
            limiter.charge(&keys(&user, address, None), at(0)).unwrap();
        }
        assert!(limiter.free_at.len() <= KEYS_MAX);
    }
}
