//! Which names of products and customers the warehouse does not have yet.

use comptoir_model::event::Event;
use comptoir_warehouse::NameKind;
use hashbrown::{DefaultHashBuilder, HashMap};
use std::hash::BuildHasher;

/// Names remembered; when there are more, all are forgotten and sent again as they come.
const KNOWN_MAX: usize = 100_000;

/// A name that is new or has changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) kind: NameKind,
    pub(super) id: String,
    pub(super) name: String,
}

/// Remembers by hashes what was sent. Two names that collide cost one of them an update, which
/// changes what a row is called and nothing that it counts.
#[derive(Default)]
pub(super) struct Names {
    known: HashMap<u64, u64>,
    hasher: DefaultHashBuilder,
}

impl Names {
    /// Notes the names in an event; those not sent before go to `new`.
    pub(super) fn note(&mut self, event: &Event<'_>, new: &mut Vec<Named>) {
        let product = (NameKind::Product, event.product_id.as_str());
        self.note_one(product, event.product_name.as_str(), new);
        if let (Some(id), Some(name)) = (&event.customer_id, &event.customer_name) {
            self.note_one((NameKind::Customer, id.as_str()), name.as_str(), new);
        }
    }

    fn note_one(&mut self, whose: (NameKind, &str), name: &str, new: &mut Vec<Named>) {
        let (key, value) = (self.hasher.hash_one(whose), self.hasher.hash_one(name));
        if self.known.get(&key) == Some(&value) {
            return;
        }
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(key, value);
        new.push(Named {
            kind: whose.0,
            id: whose.1.to_owned(),
            name: name.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_sent_when_it_is_new_or_changed() {
        let (mut names, mut new) = (Names::default(), Vec::new());
        for (id, name) in [
            ("p", "Pen"),
            ("p", "Pen"),
            ("q", "Pen"),
            ("p", "Red pen"),
            ("p", "Red pen"),
        ] {
            names.note_one((NameKind::Product, id), name, &mut new);
        }
        names.note_one((NameKind::Customer, "p"), "Red pen", &mut new);
        let sent: Vec<_> = new
            .iter()
            .map(|named| (named.id.as_str(), named.name.as_str()))
            .collect();
        assert_eq!(
            sent,
            [
                ("p", "Pen"),
                ("q", "Pen"),
                ("p", "Red pen"),
                ("p", "Red pen")
            ]
        );
    }
}
