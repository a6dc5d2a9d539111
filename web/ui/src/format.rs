//! Numbers and money as people of a language write them. Exact: nothing here goes through
//! floating point, and a value is rounded only where the name says so.

use crate::i18n::Language;
use comptoir_model::money::{Currency, Money};
use jiff::SignedDuration;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

const NO_BREAK: char = '\u{a0}';
const NARROW_NO_BREAK: char = '\u{202f}';
const MINUS: char = '\u{2212}';

/// What a language puts between digits.
struct Separators {
    group: char,
    point: char,
}

fn separators(language: Language) -> Separators {
    match language {
        Language::English => Separators {
            group: ',',
            point: '.',
        },
        Language::French => Separators {
            group: NARROW_NO_BREAK,
            point: ',',
        },
    }
}

pub(crate) fn integer(language: Language, value: u64) -> String {
    group(language, &value.to_string())
}

/// Every digit of the amount, two decimals at least.
pub(crate) fn money(language: Language, money: &Money) -> String {
    let digits = decimal(language, money.amount.abs(), 2);
    let text = with_currency(language, &digits, money.currency);
    signed(money.amount, text)
}

/// A part of a whole in percent, rounded to a tenth; `None` of nothing.
pub(crate) fn tenths_of_percent(part: Decimal, whole: Decimal) -> Option<Decimal> {
    let ratio = part.checked_div(whole)?.checked_mul(Decimal::ONE_HUNDRED)?;
    Some(ratio.round_dp_with_strategy(1, RoundingStrategy::MidpointNearestEven))
}

/// One decimal and the sign.
pub(crate) fn percent(language: Language, value: Decimal) -> String {
    let digits = decimal(language, value.abs(), 1);
    let text = match language {
        Language::English => format!("{digits}%"),
        Language::French => format!("{digits}{NO_BREAK}%"),
    };
    signed(value, text)
}

/// A size rounded to a tenth of its unit: `528.0 kB`.
pub(crate) fn size(language: Language, bytes: u64) -> String {
    let units = match language {
        Language::English => ["bytes", "kB", "MB", "GB", "TB"],
        Language::French => ["octets", "ko", "Mo", "Go", "To"],
    };
    let mut value = Decimal::from(bytes);
    let mut unit = 0;
    while value >= Decimal::ONE_THOUSAND && unit + 1 < units.len() {
        value /= Decimal::ONE_THOUSAND;
        unit += 1;
    }
    let rounded = value.round_dp_with_strategy(1, RoundingStrategy::MidpointNearestEven);
    let digits = decimal(language, rounded, usize::from(unit > 0));
    format!("{digits}{NO_BREAK}{}", units[unit])
}

/// How long, in one unit: tenths of a second below ten of them.
pub(crate) fn duration(language: Language, duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (count, unit) = match seconds {
        0..10 => {
            let tenths = duration.as_millis().max(0) / 100;
            let point = separators(language).point;
            return format!("{}{point}{}{NO_BREAK}s", tenths / 10, tenths % 10);
        }
        10..120 => (seconds, "s"),
        120..7_200 => (seconds / 60, "min"),
        _ => (seconds / 3_600, "h"),
    };
    format!("{count}{NO_BREAK}{unit}")
}

/// The unit of an axis: all its ticks share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    One,
    Thousand,
    Million,
    Billion,
}

impl Unit {
    /// The largest unit that does not exceed the value.
    pub(crate) fn of(value: Decimal) -> Self {
        let value = value.abs();
        [Self::Billion, Self::Million, Self::Thousand]
            .into_iter()
            .find(|unit| value >= unit.size())
            .unwrap_or(Self::One)
    }

    fn size(self) -> Decimal {
        Decimal::from(match self {
            Self::One => 1_u64,
            Self::Thousand => 1_000,
            Self::Million => 1_000_000,
            Self::Billion => 1_000_000_000,
        })
    }

    fn prefix(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::One, _) => "",
            (Self::Thousand, _) => "k",
            (Self::Million, _) => "M",
            (Self::Billion, Language::English) => "bn",
            (Self::Billion, Language::French) => "Md",
        }
    }
}

/// A round amount of an axis: `€1.5M`, `1,5 M€`. Zero needs no unit.
pub(crate) fn tick(language: Language, amount: Decimal, currency: Currency, unit: Unit) -> String {
    if amount.is_zero() {
        return "0".to_owned();
    }
    let digits = decimal(language, (amount / unit.size()).abs(), 0);
    let prefix = unit.prefix(language);
    let text = match language {
        Language::English => with_currency(language, &format!("{digits}{prefix}"), currency),
        Language::French => {
            format!("{digits}{NO_BREAK}{prefix}{}", symbol(language, currency))
        }
    };
    signed(amount, text)
}

/// For drawing only: a place on the screen needs no more digits.
pub(crate) fn to_screen(value: Decimal) -> f64 {
    value.to_f64().unwrap_or_default()
}

fn signed(amount: Decimal, text: String) -> String {
    if amount.is_sign_negative() && !amount.is_zero() {
        format!("{MINUS}{text}")
    } else {
        text
    }
}

fn with_currency(language: Language, digits: &str, currency: Currency) -> String {
    let symbol = symbol(language, currency);
    match language {
        // A code, unlike a sign, does not stick to the digits.
        Language::English if symbol.len() == 3 && symbol.is_ascii() => {
            format!("{symbol}{NO_BREAK}{digits}")
        }
        Language::English => format!("{symbol}{digits}"),
        Language::French => format!("{digits}{NO_BREAK}{symbol}"),
    }
}

fn symbol(language: Language, currency: Currency) -> String {
    match (currency.as_str(), language) {
        ("EUR", _) => "€".to_owned(),
        ("GBP", Language::English) => "£".to_owned(),
        ("GBP", Language::French) => "£GB".to_owned(),
        ("USD", Language::English) => "$".to_owned(),
        ("USD", Language::French) => "$US".to_owned(),
        (code, _) => code.to_owned(),
    }
}

/// A value that is not negative, with `min_places` decimals or as many more as it has.
fn decimal(language: Language, value: Decimal, min_places: usize) -> String {
    // Padded as text: the largest amounts have no room for more decimals.
    let text = value.normalize().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = group(language, whole);
    if fraction.is_empty() && min_places == 0 {
        return whole;
    }
    let point = separators(language).point;
    format!("{whole}{point}{fraction:0<min_places$}")
}

fn group(language: Language, digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separators(language).group);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, French};

    fn eur(text: &str) -> Money {
        Money::parse(text, Currency::EUR).unwrap()
    }

    #[test]
    fn groups_digits_as_the_language_does() {
        for (value, english) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(integer(English, value), english);
        }
        assert_eq!(integer(French, 1_234_567), "1\u{202f}234\u{202f}567");
    }

    #[test]
    fn shows_every_digit_of_an_amount() {
        assert_eq!(money(English, &eur("10032628.85")), "€10,032,628.85");
        assert_eq!(
            money(French, &eur("10032628.85")),
            "10\u{202f}032\u{202f}628,85\u{a0}€"
        );
        assert_eq!(money(English, &eur("12.5")), "€12.50");
        assert_eq!(money(English, &eur("0.125")), "€0.125");
        assert_eq!(
            money(English, &eur("79228162514264337593543950335")).len(),
            "€".len() + 41
        );
    }

    #[test]
    fn a_negative_amount_has_a_minus_before_everything() {
        assert_eq!(money(English, &eur("-1.5")), "−€1.50");
        assert_eq!(money(French, &eur("-1.5")), "−1,50\u{a0}€");
        assert_eq!(money(English, &eur("-0.00")), "€0.00");
    }

    #[test]
    fn a_currency_without_a_sign_keeps_its_code() {
        let francs = Money::parse("1234", "CHF".parse().unwrap()).unwrap();
        assert_eq!(money(English, &francs), "CHF\u{a0}1,234.00");
        assert_eq!(money(French, &francs), "1\u{202f}234,00\u{a0}CHF");
    }

    #[test]
    fn percent_of_nothing_is_nothing() {
        let of = |part: i64, whole: i64| {
            tenths_of_percent(part.into(), whole.into()).map(|value| percent(English, value))
        };
        assert_eq!(of(1, 0), None);
        assert_eq!(of(1, 3).as_deref(), Some("33.3%"));
        assert_eq!(of(-1, 3).as_deref(), Some("−33.3%"));
        assert_eq!(percent(French, 50.into()), "50,0\u{a0}%");
    }

    #[test]
    fn ticks_are_short_and_share_a_unit() {
        let million = Unit::of(Decimal::from(1_500_000));
        assert_eq!(
            tick(English, Decimal::from(1_500_000), Currency::EUR, million),
            "€1.5M"
        );
        assert_eq!(
            tick(English, Decimal::from(500_000), Currency::EUR, million),
            "€0.5M"
        );
        assert_eq!(
            tick(
                French,
                Decimal::from(200_000),
                Currency::EUR,
                Unit::Thousand
            ),
            "200\u{a0}k€"
        );
        assert_eq!(tick(English, Decimal::ZERO, Currency::EUR, million), "0");
    }

    #[test]
    fn durations_have_one_unit_and_tenths_where_they_are_short() {
        let said = |millis| duration(English, SignedDuration::from_millis(millis));
        assert_eq!(said(-20), "0.0\u{a0}s");
        assert_eq!(said(449), "0.4\u{a0}s");
        assert_eq!(said(12_900), "12\u{a0}s");
        assert_eq!(said(119_999), "119\u{a0}s");
        assert_eq!(said(120_000), "2\u{a0}min");
        assert_eq!(said(7_200_000), "2\u{a0}h");
        assert_eq!(
            duration(French, SignedDuration::from_millis(1_500)),
            "1,5\u{a0}s"
        );
    }

    #[test]
    fn sizes_are_rounded_and_say_their_unit() {
        assert_eq!(size(English, 999), "999\u{a0}bytes");
        assert_eq!(size(English, 527_958), "528.0\u{a0}kB");
        assert_eq!(size(French, 1_500_000), "1,5\u{a0}Mo");
    }
}
