//! Exact amounts with their currency. Never floating point.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An ISO 4217 alphabetic code: three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const EUR: Self = Self(*b"EUR");

    /// Its letters as one number, for hashing.
    pub(crate) fn number(self) -> u32 {
        let [first, second, third] = self.0;
        u32::from_le_bytes([first, second, third, 0])
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(MoneyError::Currency(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in one currency, exact: a decimal of at most 28 significant digits.
///
/// In JSON `{"amount": "10.50", "currency": "EUR"}`: a decimal string, so that no reader parses it
/// into a float by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    pub amount: Decimal,
    pub currency: Currency,
}

/// Why an amount can't be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("`{0}` is not a currency: three capital letters as in ISO 4217, like EUR")]
    Currency(String),
    #[error("`{0}` is not a decimal amount")]
    Amount(String),
    #[error("{0} and {1} can't be added: they need an exchange rate")]
    Mixed(Currency, Currency),
    #[error("the sum does not fit 28 digits")]
    Overflow,
}

impl Money {
    pub fn zero(currency: Currency) -> Self {
        Self {
            amount: Decimal::ZERO,
            currency,
        }
    }

    /// Reads a plain decimal (`-12.30`): digits, at most one point, no exponent, no grouping, and
    /// no silent rounding of digits that do not fit.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        match Decimal::from_str_exact(text) {
            Ok(amount) => Ok(Self { amount, currency }),
            Err(_) => Err(MoneyError::Amount(text.to_owned())),
        }
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, Decimal::checked_add)
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, Decimal::checked_sub)
    }

    /// The amount for each of `count`, rounded half to even at two decimals; `None` of zero.
    pub fn average_over(self, count: u64) -> Option<Self> {
        let average = self.amount.checked_div(Decimal::from(count))?;
        Some(Self {
            amount: average.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven),
            currency: self.currency,
        })
    }

    fn combine(
        self,
        other: Self,
        op: fn(Decimal, Decimal) -> Option<Decimal>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let amount = op(self.amount, other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(text: &str) -> Money {
        Money::parse(text, Currency::EUR).unwrap()
    }

    #[test]
    fn adds_what_floats_can_not() {
        assert_eq!(eur("0.1").checked_add(eur("0.2")), Ok(eur("0.3")));
    }

    #[test]
    fn refuses_to_add_two_currencies() {
        let usd = Money::parse("1", "USD".parse().unwrap()).unwrap();
        assert_eq!(
            eur("1").checked_add(usd),
            Err(MoneyError::Mixed(Currency::EUR, usd.currency))
        );
    }

    #[test]
    fn refuses_what_is_not_an_exact_decimal() {
        for text in [
            "",
            "1e3",
            "1,5",
            "NaN",
            "1.2.3",
            "0.00000000000000000000000000001",
        ] {
            assert!(Money::parse(text, Currency::EUR).is_err(), "{text}");
        }
    }

    #[test]
    fn averages_round_half_to_even() {
        assert_eq!(eur("0.05").average_over(2), Some(eur("0.02")));
        assert_eq!(eur("0.07").average_over(2), Some(eur("0.04")));
        assert_eq!(eur("1").average_over(0), None);
    }

    #[test]
    fn json_keeps_every_digit() {
        let json = serde_json::to_string(&eur("10032628.85")).unwrap();
        assert_eq!(json, r#"{"amount":"10032628.85","currency":"EUR"}"#);
        assert_eq!(
            serde_json::from_str::<Money>(&json).unwrap(),
            eur("10032628.85")
        );
    }

    #[test]
    fn currency_is_three_capital_letters() {
        assert!("eur".parse::<Currency>().is_err());
        assert!("EURO".parse::<Currency>().is_err());
        assert_eq!("EUR".parse::<Currency>().unwrap(), Currency::EUR);
    }
}
