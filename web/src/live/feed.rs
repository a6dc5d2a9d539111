//! What the stream sends: a snapshot, or what changed since the message that a client had last,
//! written once for all clients that had the same one. Pure.

use axum::body::Bytes;
use comptoir_model::api::live::{LiveMessage, LiveUpdate};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Who had one of so many moments gets what changed since: at least six seconds' worth.
const PAST_MAX: usize = 64;

/// The number of a moment in one server's life, from 1 on.
type Version = u64;

/// A moment of the live page, and those before it that a client may still be at.
#[derive(Debug)]
pub(crate) struct View {
    /// Tells apart the versions of one server's life from those of another.
    epoch: Arc<str>,
    version: Version,
    message: LiveMessage,
    /// The moments before, the newest last: `version - 1`, `version - 2`, ...
    past: VecDeque<LiveMessage>,
    /// The events that were asked for, by the version that their client knows.
    written: Mutex<BTreeMap<Option<Version>, Bytes>>,
}

/// The id of a message: what the client that had it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageId {
    epoch: String,
    version: Version,
}

impl MessageId {
    /// Reads `Last-Event-ID`; anything that is none of ours is no id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (epoch, version) = text.rsplit_once('-')?;
        Some(Self {
            epoch: epoch.to_owned(),
            version: version.parse().ok()?,
        })
    }
}

impl View {
    /// The first view of a server's life.
    pub(crate) fn first(epoch: Arc<str>, message: LiveMessage) -> Self {
        Self {
            epoch,
            version: 1,
            message,
            past: VecDeque::new(),
            written: Mutex::default(),
        }
    }

    /// The view after this one. Its message shares the parts that have not changed.
    pub(crate) fn next(&self, mut message: LiveMessage) -> Self {
        let before = &self.message;
        share(before.windows.as_ref(), &mut message.windows);
        share(before.series.as_ref(), &mut message.series);
        share(before.groups.as_ref(), &mut message.groups);
        share(before.tops.as_ref(), &mut message.tops);
        share(before.transactions.as_ref(), &mut message.transactions);
        let mut past = self.past.clone();
        past.push_back(self.message.clone());
        if past.len() > PAST_MAX {
            past.pop_front();
        }
        Self {
            epoch: Arc::clone(&self.epoch),
            version: self.version + 1,
            message,
            past,
            written: Mutex::default(),
        }
    }

    /// The same figures with another `source`: the sink looked and found nothing.
    pub(crate) fn with_head(&self, head: LiveMessage) -> Self {
        self.next(LiveMessage {
            as_of: head.as_of,
            source: head.source,
            ..self.message.clone()
        })
    }

    pub(crate) fn id(&self) -> MessageId {
        MessageId {
            epoch: self.epoch.as_ref().to_owned(),
            version: self.version,
        }
    }

    /// A server-sent event with what has changed since `known`; with everything where that is not
    /// known, too long ago, or of another life.
    pub(crate) fn event(&self, known: Option<&MessageId>) -> Bytes {
        let known = known.filter(|id| *id.epoch == *self.epoch);
        let known = known.and_then(|id| Some((id.version, self.at(id.version)?)));
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let event = (written.entry(known.map(|(version, _)| version)))
            .or_insert_with(|| self.write(known.map(|(_, message)| message)).into());
        event.clone()
    }

    fn at(&self, version: Version) -> Option<&LiveMessage> {
        match usize::try_from(self.version.checked_sub(version)?).ok()? {
            0 => Some(&self.message),
            back => self.past.get(self.past.len().checked_sub(back)?),
        }
    }

    fn write(&self, before: Option<&LiveMessage>) -> String {
        let update = before.and_then(|before| LiveUpdate::between(before, &self.message));
        let (name, data) = match update {
            Some(update) => ("change", json(&update)),
            None => ("snapshot", json(&self.message)),
        };
        // JSON has no line breaks.
        let Self { epoch, version, .. } = self;
        format!("event: {name}\nid: {epoch}-{version}\ndata: {data}\n\n")
    }
}

/// Equal parts are held once, and compared at once.
fn share<T: PartialEq>(before: Option<&Arc<T>>, after: &mut Option<Arc<T>>) {
    if before == after.as_ref() {
        *after = before.cloned();
    }
}

/// Our types have string keys only, so writing them does not fail.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::state::State;
    use super::super::windows::Spans;
    use super::*;
    use comptoir_model::api::live::SourceState;
    use comptoir_warehouse::LiveChange;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use serde::de::DeserializeOwned;

    fn message(minute: i64) -> LiveMessage {
        let now = Timestamp::from_second(minute * 60).unwrap();
        let mut state = State::new(Spans::at(now, &TimeZone::UTC));
        state.apply(LiveChange::default(), now);
        state.message(SourceState::Live, now, now)
    }

    fn read<T: DeserializeOwned>(event: &[u8]) -> (String, String, T) {
        let event = std::str::from_utf8(event).unwrap();
        let lines: Vec<_> = event.trim_end_matches('\n').split('\n').collect();
        let [name, id, data] = lines[..] else {
            panic!("{event}")
        };
        let message = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        let name = name.strip_prefix("event: ").unwrap().to_owned();
        (name, id.strip_prefix("id: ").unwrap().to_owned(), message)
    }

    fn name(view: &View, id: &str) -> String {
        let id = MessageId::parse(id);
        read::<serde_json::Value>(&view.event(id.as_ref())).0
    }

    #[test]
    fn a_client_that_knows_nothing_gets_everything() {
        let view = View::first("e".into(), message(100));
        let (name_of_it, id, sent) = read::<LiveMessage>(&view.event(None));
        assert_eq!((name_of_it.as_str(), id.as_str()), ("snapshot", "e-1"));
        assert_eq!(sent, message(100));
        assert_eq!(name(&view, "other-life-1"), "snapshot");
        assert_eq!(name(&view, "e-2"), "snapshot", "it has not been yet");
        assert_eq!(name(&view, "e-0"), "snapshot", "it has never been");
        assert_eq!(MessageId::parse("e-x"), None);
    }

    #[test]
    fn a_client_gets_what_changed_since_its_last_message() {
        let first = View::first("e".into(), message(100));
        let second = first.next(message(101));
        let third = second.with_head(message(102));
        for known in [&first, &second, &third] {
            let event = third.event(Some(&known.id()));
            let (name, id, update) = read::<LiveUpdate>(&event);
            assert_eq!((name.as_str(), id.as_str()), ("change", "e-3"));
            let mut page = known.message.clone();
            update.apply(&mut page).unwrap();
            assert_eq!(page, third.message);
        }
        assert_eq!(third.message.as_of, message(102).as_of);
        assert_eq!(third.message.series, message(101).series);
        let unchanged = third.event(Some(&second.id()));
        let (_, _, sent) = read::<serde_json::Value>(&unchanged);
        assert_eq!(sent["windows"], serde_json::Value::Null);
    }

    #[test]
    fn who_was_away_for_too_long_gets_a_snapshot() {
        let mut view = View::first("e".into(), message(100));
        for minute in 0..70 {
            view = view.next(message(100 + minute));
        }
        assert_eq!(view.id().version, 71);
        assert_eq!(name(&view, "e-6"), "snapshot");
        assert_eq!(name(&view, "e-7"), "change");
        assert_eq!(name(&view, "e-71"), "change");
    }

    #[test]
    fn an_event_is_written_once_for_all_who_know_the_same() {
        let view = View::first("e".into(), message(100)).next(message(101));
        let id = MessageId::parse("e-1");
        let (one, other) = (view.event(id.as_ref()), view.event(id.as_ref()));
        assert_eq!(one.as_ptr(), other.as_ptr());
    }
}
