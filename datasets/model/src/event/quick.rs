//! The quick way through a usual record: one flat object, written without escapes, and right.
//!
//! It takes a part of what [`super::read_event`] accepts, and that part exactly as the full reader
//! does, which gets everything else: a property test holds both equal. A usual record takes half
//! the time that it would take to look for its fields first and at their values later.

use super::Event;
use super::amount::Amount;
use super::time::EventTime;
use super::values::{CustomerId, EventId, Label, OrderId, OrderLine, ProductId, Quantity};
use super::words::{Channel, Field, PaymentMethod, Status};
use crate::money::Currency;

/// `None` of a record that the full reader has to look at, which may well be right.
pub(super) fn read(text: &str) -> Option<Event<'_>> {
    let mut slots = Slots::default();
    let mut scanner = Scanner { text, at: 0 };
    // Most producers write the fields in the schema's order.
    let mut likely = 0;
    scanner.space();
    scanner.one(b'{')?;
    loop {
        scanner.space();
        match scanner.key(likely)? {
            Key::Field(field) => {
                slots.fill(field, &mut scanner)?;
                likely = field as usize + 1;
            }
            Key::Other => scanner.skip()?,
        }
        scanner.space();
        if !scanner.is_at(b',') {
            break;
        }
        scanner.at += 1;
    }
    scanner.one(b'}')?;
    scanner.space();
    if scanner.at < text.len() {
        return None;
    }
    slots.event()
}

/// The values that were read.
#[derive(Default)]
struct Slots<'a> {
    event_id: Option<EventId<'a>>,
    event_time: Option<EventTime>,
    order_id: Option<OrderId<'a>>,
    order_line: Option<OrderLine>,
    customer_id: Option<Given<CustomerId<'a>>>,
    customer_name: Option<Given<Label<'a>>>,
    product_id: Option<ProductId<'a>>,
    product_name: Option<Label<'a>>,
    category: Option<Label<'a>>,
    merchant: Option<Label<'a>>,
    quantity: Option<Quantity>,
    unit_price: Option<Amount>,
    amount: Option<Amount>,
    currency: Option<Currency>,
    country: Option<Label<'a>>,
    city: Option<Label<'a>>,
    channel: Option<Channel>,
    payment_method: Option<PaymentMethod>,
    status: Option<Status>,
}

impl<'a> Slots<'a> {
    fn fill(&mut self, field: Field, scanner: &mut Scanner<'a>) -> Option<()> {
        match field {
            Field::EventId => once(&mut self.event_id, EventId::parse(scanner.string()?).ok()?),
            Field::EventTime => once(
                &mut self.event_time,
                EventTime::parse(scanner.string()?).ok()?,
            ),
            Field::OrderId => once(&mut self.order_id, OrderId::parse(scanner.string()?).ok()?),
            Field::OrderLine => once(
                &mut self.order_line,
                OrderLine::parse(scanner.number()?).ok()?,
            ),
            Field::CustomerId => {
                let id = scanner.given(|text| CustomerId::parse(text).ok())?;
                once(&mut self.customer_id, id)
            }
            Field::CustomerName => {
                let name = scanner.given(|text| Label::parse(text).ok())?;
                once(&mut self.customer_name, name)
            }
            Field::ProductId => once(
                &mut self.product_id,
                ProductId::parse(scanner.string()?).ok()?,
            ),
            Field::ProductName => once(&mut self.product_name, scanner.label()?),
            Field::Category => once(&mut self.category, scanner.label()?),
            Field::Merchant => once(&mut self.merchant, scanner.label()?),
            Field::Quantity => once(&mut self.quantity, Quantity::parse(scanner.number()?).ok()?),
            Field::UnitPrice => once(&mut self.unit_price, scanner.amount()?),
            Field::Amount => once(&mut self.amount, scanner.amount()?),
            Field::Currency => once(&mut self.currency, scanner.string()?.parse().ok()?),
            Field::Country => once(&mut self.country, scanner.label()?),
            Field::City => once(&mut self.city, scanner.label()?),
            Field::Channel => once(&mut self.channel, Channel::from_word(scanner.string()?)?),
            Field::PaymentMethod => once(
                &mut self.payment_method,
                PaymentMethod::from_word(scanner.string()?)?,
            ),
            Field::Status => once(&mut self.status, Status::from_word(scanner.string()?)?),
        }
    }

    fn event(self) -> Option<Event<'a>> {
        Some(Event {
            event_id: self.event_id?,
            event_time: self.event_time?,
            order_id: self.order_id?,
            order_line: self.order_line?,
            customer_id: self.customer_id.and_then(Given::value),
            customer_name: self.customer_name.and_then(Given::value),
            product_id: self.product_id?,
            product_name: self.product_name?,
            category: self.category?,
            merchant: self.merchant?,
            quantity: self.quantity?,
            unit_price: self.unit_price?,
            amount: self.amount?,
            currency: self.currency?,
            country: self.country?,
            city: self.city?,
            channel: self.channel?,
            payment_method: self.payment_method?,
            status: self.status?,
        })
    }
}

/// What an optional field holds.
enum Given<T> {
    Null,
    Value(T),
}

impl<T> Given<T> {
    fn value(self) -> Option<T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// A field that stands twice is left to the full reader.
fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.is_none().then(|| *slot = Some(value))
}

enum Key {
    Field(Field),
    Other,
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn is_at(&self, byte: u8) -> bool {
        self.text.as_bytes().get(self.at) == Some(&byte)
    }

    fn one(&mut self, byte: u8) -> Option<()> {
        let found = self.is_at(byte);
        self.at += usize::from(found);
        found.then_some(())
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    /// A key, up to its value.
    fn key(&mut self, likely: usize) -> Option<Key> {
        let expected = Field::ALL.get(likely);
        let expected = expected.filter(|field| {
            let (name, rest) = (field.as_str().as_bytes(), self.rest());
            rest.first() == Some(&b'"')
                && rest.get(1..=name.len()) == Some(name)
                && rest.get(name.len() + 1) == Some(&b'"')
        });
        let field = match expected {
            Some(field) => {
                self.at += field.as_str().len() + 2;
                Key::Field(*field)
            }
            None => Field::from_word(self.string()?).map_or(Key::Other, Key::Field),
        };
        self.space();
        self.one(b':')?;
        self.space();
        Some(field)
    }

    /// Walks over a value that is neither nested nor escaped.
    fn skip(&mut self) -> Option<()> {
        let skipped = match self.text.as_bytes().get(self.at)? {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            _ => ["null", "true", "false"]
                .into_iter()
                .find_map(|word| self.word(word)),
        };
        skipped.map(|_| ())
    }

    fn word(&mut self, word: &str) -> Option<&'a str> {
        self.rest()
            .starts_with(word.as_bytes())
            .then(|| self.take(word.len()))
    }

    /// The text between two quotes; `None` where it holds an escape, or what JSON does not allow.
    fn string(&mut self) -> Option<&'a str> {
        self.one(b'"')?;
        let length = quiet_length(self.rest());
        let text = self.take(length);
        self.one(b'"')?;
        Some(text)
    }

    fn given<T>(&mut self, parse: impl Fn(&'a str) -> Option<T>) -> Option<Given<T>> {
        match self.word("null") {
            Some(_) => Some(Given::Null),
            None => parse(self.string()?).map(Given::Value),
        }
    }

    fn label(&mut self) -> Option<Label<'a>> {
        Label::parse(self.string()?).ok()
    }

    fn amount(&mut self) -> Option<Amount> {
        let text = if self.is_at(b'"') {
            self.string()
        } else {
            self.number()
        };
        Amount::parse(text?).ok()
    }

    /// Digits, with a point among them or not; without exponent.
    fn number(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let sign = usize::from(rest.first() == Some(&b'-'));
        let whole = digits(&rest[sign..]);
        let mut length = sign + whole;
        if whole == 0 || (whole > 1 && rest[sign] == b'0') {
            return None;
        }
        if rest.get(length) == Some(&b'.') {
            match digits(&rest[length + 1..]) {
                0 => return None,
                decimals => length += 1 + decimals,
            }
        }
        match rest.get(length) {
            Some(b'e' | b'E') => None,
            _ => Some(self.take(length)),
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = &self.text[self.at..self.at + length];
        self.at += length;
        taken
    }
}

fn digits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

/// How many bytes come before the first quote, backslash or control character.
fn quiet_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(eight) = bytes[at..].first_chunk() {
        let loud = loud_bytes(u64::from_le_bytes(*eight));
        if loud != 0 {
            return at + loud.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_quiet = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    at + bytes[at..].iter().take_while(is_quiet).count()
}

/// The highest bit of the lowest byte that is a quote, a backslash or a control character, and
/// perhaps of higher ones: zero where there is none. ("Determine if a word has a byte less than
/// n", Bit Twiddling Hacks.)
fn loud_bytes(word: u64) -> u64 {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_le_bytes([0x80; 8]);
    let below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit)) & !word & HIGHEST;
    let equal = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    below(word, 0x20) | equal(b'"') | equal(b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_the_first_byte_that_needs_a_look(
            bytes in prop::collection::vec(any::<u8>(), 0..40)
        ) {
            let loud = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
            let expected = bytes.iter().position(loud).unwrap_or(bytes.len());
            prop_assert_eq!(quiet_length(&bytes), expected);
        }

        #[test]
        fn walks_over_a_long_text_to_its_end(
            text in "[ !#-\\[\\]-~é€]{0,90}",
            end in "[\"\\\\\n]",
        ) {
            prop_assert_eq!(quiet_length(text.as_bytes()), text.len());
            let behind = format!("{text}{end}behind it");
            prop_assert_eq!(quiet_length(behind.as_bytes()), text.len());
        }
    }

    #[test]
    fn takes_the_numbers_that_json_has_and_no_exponent() {
        let number = |text| Scanner { text, at: 0 }.number();
        for text in ["0", "-0", "7.50", "-12", "100.000"] {
            assert_eq!(number(text), Some(text));
        }
        for text in ["", "-", "+1", ".5", "1.", "01", "-01", "1e3", "1.5E3", "x"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
