//! The quick way through a usual record: one flat object, and right.
//!
//! It takes a part of what [`super::read_event`] accepts, and that part exactly as the full reader
//! does, which gets everything else: a property test holds both equal. A usual record takes half
//! the time that it would take to look for its fields first and at their values later.

use super::Event;
use super::amount::Amount;
use super::time::EventTime;
use super::values::{
    CustomerId, EventId, ID_CHARS_MAX, Label, OrderId, OrderLine, ProductId, Quantity,
    TEXT_CHARS_MAX,
};
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

/// The values that were read; ids are texts that were checked.
#[derive(Default)]
struct Slots<'a> {
    event_id: Option<&'a str>,
    event_time: Option<EventTime>,
    order_id: Option<&'a str>,
    order_line: Option<OrderLine>,
    customer_id: Option<Given<&'a str>>,
    customer_name: Option<Given<Label<'a>>>,
    product_id: Option<&'a str>,
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
            Field::EventId => once(&mut self.event_id, scanner.id()?),
            Field::EventTime => once(
                &mut self.event_time,
                EventTime::parse(scanner.string()?.text).ok()?,
            ),
            Field::OrderId => once(&mut self.order_id, scanner.id()?),
            Field::OrderLine => once(&mut self.order_line, OrderLine::new(scanner.whole()?)?),
            Field::CustomerId => once(&mut self.customer_id, scanner.given(Scanner::id)?),
            Field::CustomerName => once(&mut self.customer_name, scanner.given(Scanner::label)?),
            Field::ProductId => once(&mut self.product_id, scanner.id()?),
            Field::ProductName => once(&mut self.product_name, scanner.label()?),
            Field::Category => once(&mut self.category, scanner.label()?),
            Field::Merchant => once(&mut self.merchant, scanner.label()?),
            Field::Quantity => once(&mut self.quantity, Quantity::new(scanner.whole()?)?),
            Field::UnitPrice => once(&mut self.unit_price, scanner.amount()?),
            Field::Amount => once(&mut self.amount, scanner.amount()?),
            Field::Currency => once(&mut self.currency, scanner.string()?.text.parse().ok()?),
            Field::Country => once(&mut self.country, scanner.label()?),
            Field::City => once(&mut self.city, scanner.label()?),
            Field::Channel => once(&mut self.channel, scanner.word_of(Channel::from_word)?),
            Field::PaymentMethod => once(
                &mut self.payment_method,
                scanner.word_of(PaymentMethod::from_word)?,
            ),
            Field::Status => once(&mut self.status, scanner.word_of(Status::from_word)?),
        }
    }

    fn event(self) -> Option<Event<'a>> {
        Some(Event {
            event_id: EventId::checked(self.event_id?),
            event_time: self.event_time?,
            order_id: OrderId::checked(self.order_id?),
            order_line: self.order_line?,
            customer_id: self
                .customer_id
                .and_then(Given::value)
                .map(CustomerId::checked),
            customer_name: self.customer_name.and_then(Given::value),
            product_id: ProductId::checked(self.product_id?),
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

/// A field's key as compact JSON has it, `"status":`, to be found at a place in few steps.
#[derive(Clone, Copy)]
struct Spelling {
    words: [u64; SPELLING_WORDS],
    /// All ones where the key has bytes.
    masks: [u64; SPELLING_WORDS],
    length: usize,
}

const SPELLING_WORDS: usize = 3;
const SPELLING_BYTES: usize = 8 * SPELLING_WORDS;

/// Of each field, in the order of [`Field::ALL`].
const SPELLINGS: [Spelling; Field::WORDS.len()] = {
    let mut spellings = [Spelling::of(""); Field::WORDS.len()];
    let mut number = 0;
    while number < spellings.len() {
        spellings[number] = Spelling::of(Field::WORDS[number]);
        number += 1;
    }
    spellings
};

impl Spelling {
    const fn of(name: &str) -> Self {
        let length = name.len() + 3;
        assert!(length <= SPELLING_BYTES);
        let (mut words, mut masks) = ([0; SPELLING_WORDS], [0; SPELLING_WORDS]);
        let mut at = 0;
        while at < length {
            let byte = match at {
                0 => b'"',
                _ if at + 2 == length => b'"',
                _ if at + 1 == length => b':',
                _ => name.as_bytes()[at - 1],
            };
            let shift = at % 8 * 8;
            words[at / 8] |= (byte as u64) << shift;
            masks[at / 8] |= 0xff << shift;
            at += 1;
        }
        Self {
            words,
            masks,
            length,
        }
    }

    fn begins(&self, bytes: &[u8]) -> bool {
        let mut short = [0; SPELLING_BYTES];
        let head = bytes.first_chunk().unwrap_or_else(|| {
            short[..bytes.len()].copy_from_slice(bytes);
            &short
        });
        (0..SPELLING_WORDS).all(|number| {
            let word = word_at(head, number * 8);
            (word ^ self.words[number]) & self.masks[number] == 0
        })
    }
}

fn word_at(head: &[u8; SPELLING_BYTES], at: usize) -> u64 {
    head[at..]
        .first_chunk()
        .map_or(0, |eight| u64::from_le_bytes(*eight))
}

/// A text between two quotes, and what was seen in it on the way from one to the other.
struct Seen<'a> {
    text: &'a str,
    marks: Marks,
}

/// Which bytes a text has, each `true` at least where there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Marks {
    /// Other than visible ASCII and spaces.
    unusual: bool,
    spaces: bool,
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
        let expected = SPELLINGS.get(likely);
        if let Some(spelling) = expected.filter(|spelling| spelling.begins(self.rest())) {
            self.at += spelling.length;
            self.space();
            return Field::ALL.get(likely).copied().map(Key::Field);
        }
        let key = Field::from_word(self.string()?.text).map_or(Key::Other, Key::Field);
        self.space();
        self.one(b':')?;
        self.space();
        Some(key)
    }

    /// Walks over a value that is neither nested nor escaped.
    fn skip(&mut self) -> Option<()> {
        let skipped = match self.text.as_bytes().get(self.at)? {
            b'"' => self.string().map(|seen| seen.text),
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
    fn string(&mut self) -> Option<Seen<'a>> {
        self.one(b'"')?;
        let (length, marks) = quiet_length(self.rest());
        let text = self.take(length);
        self.one(b'"')?;
        Some(Seen { text, marks })
    }

    fn id(&mut self) -> Option<&'a str> {
        let Seen { text, marks } = self.string()?;
        let is_id = marks == Marks::default() && (1..=ID_CHARS_MAX).contains(&text.len());
        is_id.then_some(text)
    }

    fn label(&mut self) -> Option<Label<'a>> {
        let start = self.at;
        let Some(Seen { text, marks }) = self.string() else {
            self.at = start;
            return Label::parse(self.escaped()?).ok();
        };
        let is_plain = !marks.unusual && (1..=TEXT_CHARS_MAX).contains(&text.len());
        let is_framed = || marks.spaces && (text.starts_with(' ') || text.ends_with(' '));
        if is_plain && !is_framed() {
            Some(Label::checked(text))
        } else {
            Label::parse(text).ok()
        }
    }

    /// The text between two quotes, with whatever JSON has in strings.
    fn escaped(&mut self) -> Option<String> {
        let mut values = serde_json::Deserializer::from_str(&self.text[self.at..]).into_iter();
        let text = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(text)
    }

    fn given<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Given<T>> {
        match self.word("null") {
            Some(_) => Some(Given::Null),
            None => read(self).map(Given::Value),
        }
    }

    fn word_of<T>(&mut self, from_word: impl Fn(&str) -> Option<T>) -> Option<T> {
        from_word(self.string()?.text)
    }

    fn amount(&mut self) -> Option<Amount> {
        let text = if self.is_at(b'"') {
            self.string()?.text
        } else {
            self.number()?
        };
        Amount::parse(text).ok()
    }

    /// A number of one to nine digits, without point or exponent.
    fn whole(&mut self) -> Option<u32> {
        let text = self.number()?;
        if text.len() > 9 {
            return None;
        }
        text.bytes().try_fold(0, |number, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit <= 9).then_some(number * 10 + u32::from(digit))
        })
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

/// How many bytes come before the first quote, backslash or control character, and what they are.
fn quiet_length(bytes: &[u8]) -> (usize, Marks) {
    let (mut unusual, mut spaces) = (0, 0);
    let mut at = 0;
    while let Some(eight) = bytes[at..].first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let loud = loud_bytes(word);
        if loud != 0 {
            // Of this word only the bytes below count.
            let below = (loud & loud.wrapping_neg()) - 1;
            unusual |= unusual_bytes(word) & below;
            spaces |= equal_bytes(word, b' ') & below;
            at += loud.trailing_zeros() as usize / 8;
            return (at, Marks::of(unusual, spaces));
        }
        unusual |= unusual_bytes(word);
        spaces |= equal_bytes(word, b' ');
        at += 8;
    }
    for byte in &bytes[at..] {
        match byte {
            b'"' | b'\\' | 0..0x20 => break,
            b' ' => spaces = 1,
            0x7f.. => unusual = 1,
            _ => {}
        }
        at += 1;
    }
    (at, Marks::of(unusual, spaces))
}

impl Marks {
    fn of(unusual: u64, spaces: u64) -> Self {
        Self {
            unusual: unusual != 0,
            spaces: spaces != 0,
        }
    }
}

const EACH: u64 = u64::from_le_bytes([1; 8]);
const HIGHEST: u64 = u64::from_le_bytes([0x80; 8]);

/// The highest bit of the lowest byte that is a quote, a backslash or a control character, and
/// perhaps of higher ones: zero where there is none.
fn loud_bytes(word: u64) -> u64 {
    bytes_below(word, 0x20) | equal_bytes(word, b'"') | equal_bytes(word, b'\\')
}

/// The highest bit of each byte that is DEL or not ASCII.
fn unusual_bytes(word: u64) -> u64 {
    (word | ((word & !HIGHEST) + EACH)) & HIGHEST
}

/// As [`loud_bytes`], for one byte.
fn equal_bytes(word: u64, byte: u8) -> u64 {
    bytes_below(word ^ (EACH * u64::from(byte)), 1)
}

/// As [`loud_bytes`], for bytes below a limit. ("Determine if a word has a byte less than n", Bit
/// Twiddling Hacks.)
fn bytes_below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(EACH * u64::from(limit)) & !word & HIGHEST
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_quiet(byte: u8) -> bool {
        !matches!(byte, b'"' | b'\\' | 0..0x20)
    }

    proptest! {
        #[test]
        fn finds_the_first_byte_that_needs_a_look_and_tells_what_lies_before(
            bytes in prop::collection::vec(any::<u8>(), 0..40)
        ) {
            let quiet: Vec<u8> = bytes.iter().copied().take_while(|byte| is_quiet(*byte)).collect();
            let (length, marks) = quiet_length(&bytes);
            prop_assert_eq!(length, quiet.len());
            prop_assert_eq!(marks.unusual, quiet.iter().any(|byte| *byte >= 0x7f));
            prop_assert_eq!(marks.spaces, quiet.contains(&b' '));
        }

        #[test]
        fn walks_over_a_long_text_to_its_end(
            text in "[ !#-\\[\\]-~é€]{0,90}",
            end in "[\"\\\\\n]",
        ) {
            prop_assert_eq!(quiet_length(text.as_bytes()).0, text.len());
            let behind = format!("{text}{end}behind it");
            let (length, marks) = quiet_length(behind.as_bytes());
            prop_assert_eq!(length, text.len());
            prop_assert_eq!(marks.unusual, !text.is_ascii());
            prop_assert_eq!(marks.spaces, text.contains(' '));
        }
    }

    #[test]
    fn each_field_is_known_by_its_spelling_alone() {
        for (number, spelling) in SPELLINGS.iter().enumerate() {
            for (other, word) in Field::WORDS.iter().enumerate() {
                for tail in ["", "1", "\"a long text behind it\""] {
                    let text = format!("\"{word}\":{tail}");
                    assert_eq!(spelling.begins(text.as_bytes()), number == other, "{text}");
                }
            }
            let word = Field::WORDS[number];
            for other in [
                format!("\"{word}\" :1"),
                format!("\"{word}"),
                format!("{word}\":"),
            ] {
                assert!(!spelling.begins(other.as_bytes()), "{other}");
            }
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
