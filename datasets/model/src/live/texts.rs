//! Texts that come again and again, each held once and known by a number.

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// What a text is called among those it was taken up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TextId(u32);

impl TextId {
    pub(super) fn number(self) -> u32 {
        self.0
    }
}

#[derive(Default)]
pub(super) struct Texts {
    /// One behind the other.
    bytes: String,
    /// Where each one ends.
    ends: Vec<usize>,
    numbers: HashTable<TextId>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    /// The number of a text, old or new.
    pub(super) fn take_up(&mut self, text: &str) -> TextId {
        let Self {
            bytes,
            ends,
            numbers,
            hasher,
        } = self;
        let hash = hasher.hash_one(text);
        let is_it = |id: &TextId| text_of(bytes, ends, *id) == text;
        let rehash = |id: &TextId| hasher.hash_one(text_of(bytes, ends, *id));
        match numbers.entry(hash, is_it, rehash) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let id = TextId(u32::try_from(ends.len()).expect("texts that fit into memory"));
                entry.insert(id);
                bytes.push_str(text);
                ends.push(bytes.len());
                id
            }
        }
    }

    pub(super) fn text(&self, id: TextId) -> &str {
        text_of(&self.bytes, &self.ends, id)
    }

    /// Forgets all of them, and keeps the room.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.numbers.clear();
    }
}

fn text_of<'a>(bytes: &'a str, ends: &[usize], id: TextId) -> &'a str {
    let number = id.0 as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_has_the_same_number_until_all_are_forgotten() {
        let mut texts = Texts::default();
        let names: Vec<String> = (0..300).map(|number| format!("né {number}")).collect();
        let ids: Vec<_> = names.iter().map(|name| texts.take_up(name)).collect();
        for (name, id) in names.iter().zip(&ids) {
            assert_eq!(texts.take_up(name), *id);
            assert_eq!(texts.text(*id), name);
        }
        assert_eq!(ids.last().map(|id| id.number()), Some(299));
        texts.clear();
        assert_eq!(texts.take_up("né 7").number(), 0);
        assert_eq!(texts.take_up("").number(), 1);
        assert_eq!(texts.text(TextId(1)), "");
    }
}
