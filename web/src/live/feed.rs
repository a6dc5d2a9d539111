//! What the stream sends: parts with versions, written once for all clients. Pure.

use comptoir_model::api::live::LiveMessage;
use serde::Serialize;
use std::fmt::Write;
use std::sync::Arc;

const PARTS: [&str; 5] = ["windows", "series", "groups", "tops", "transactions"];

/// A moment of the live page, as JSON in pieces.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Tells apart the versions of one server's life from those of another.
    epoch: Arc<str>,
    version: u64,
    /// `as_of` and `source`: in every message.
    head: Arc<str>,
    /// In the order of [`PARTS`]; `None` of what is not known yet.
    parts: [Option<Part>; PARTS.len()],
}

#[derive(Clone, Debug)]
struct Part {
    /// That of the view in which it changed last.
    version: u64,
    json: Arc<str>,
}

/// The id of a message: what the client that had it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageId {
    epoch: String,
    version: u64,
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
    pub(crate) fn first(epoch: Arc<str>, message: &LiveMessage) -> Self {
        let nothing = Self {
            epoch,
            version: 0,
            head: "".into(),
            parts: Default::default(),
        };
        nothing.next(message)
    }

    /// The view after this one. What is equal keeps its version.
    pub(crate) fn next(&self, message: &LiveMessage) -> Self {
        let version = self.version + 1;
        let written = [
            message.windows.as_ref().map(json),
            message.series.as_ref().map(json),
            message.groups.as_ref().map(json),
            message.tops.as_ref().map(json),
            message.transactions.as_ref().map(json),
        ];
        let mut parts = self.parts.clone();
        for (part, json) in parts.iter_mut().zip(written) {
            let same = matches!((&*part, &json), (Some(part), Some(json)) if *part.json == **json);
            if !same {
                *part = json.map(|json| Part {
                    version,
                    json: json.into(),
                });
            }
        }
        Self {
            epoch: Arc::clone(&self.epoch),
            version,
            head: head(message),
            parts,
        }
    }

    /// The same figures with another `source`: the sink looked and found nothing.
    pub(crate) fn with_head(&self, message: &LiveMessage) -> Self {
        Self {
            version: self.version + 1,
            head: head(message),
            ..self.clone()
        }
    }

    pub(crate) fn id(&self) -> MessageId {
        MessageId {
            epoch: self.epoch.as_ref().to_owned(),
            version: self.version,
        }
    }

    /// A server-sent event with what has changed since `known`; with everything where that is not
    /// known, or of another life.
    pub(crate) fn event(&self, known: Option<&MessageId>) -> String {
        let known = known.filter(|id| *id.epoch == *self.epoch && id.version <= self.version);
        let since = known.map_or(0, |id| id.version);
        let parts = (PARTS.iter().zip(&self.parts))
            .filter_map(|(name, part)| Some((name, part.as_ref()?)))
            .filter(|(_, part)| part.version > since);
        let name = known.map_or("snapshot", |_| "change");
        let mut event = format!(
            "event: {name}\nid: {}-{}\ndata: {{{}",
            self.epoch, self.version, self.head
        );
        for (name, part) in parts {
            // Writing to a string does not fail. JSON has no line breaks.
            write!(event, ",\"{name}\":{}", part.json).unwrap_or_default();
        }
        event.push_str("}\n\n");
        event
    }
}

fn head(message: &LiveMessage) -> Arc<str> {
    let (as_of, source) = (json(&message.as_of), json(&message.source));
    format!("\"as_of\":{as_of},\"source\":{source}").into()
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

    fn message(minute: i64) -> LiveMessage {
        let now = Timestamp::from_second(minute * 60).unwrap();
        let mut state = State::new(Spans::at(now, &TimeZone::UTC));
        state.apply(LiveChange::default(), now);
        state.message(SourceState::Live, now, now)
    }

    fn read(event: &str) -> (String, String, LiveMessage) {
        let lines: Vec<_> = event.trim_end_matches('\n').split('\n').collect();
        let [name, id, data] = lines[..] else {
            panic!("{event}")
        };
        let message = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        let name = name.strip_prefix("event: ").unwrap().to_owned();
        (name, id.strip_prefix("id: ").unwrap().to_owned(), message)
    }

    #[test]
    fn a_client_that_knows_nothing_gets_everything() {
        let view = View::first("e".into(), &message(100));
        let (name, id, sent) = read(&view.event(None));
        assert_eq!((name.as_str(), id.as_str()), ("snapshot", "e-1"));
        assert_eq!(sent, message(100));
        let foreign = MessageId::parse("other-life-1");
        assert_eq!(read(&view.event(foreign.as_ref())).0, "snapshot");
        let future = MessageId::parse("e-2");
        assert_eq!(read(&view.event(future.as_ref())).0, "snapshot");
        assert_eq!(MessageId::parse("e-x"), None);
    }

    #[test]
    fn a_client_gets_what_changed_since_its_last_message() {
        let first = View::first("e".into(), &message(100));
        let second = first.next(&message(101));
        let third = second.with_head(&message(101));
        let (name, id, sent) = read(&third.event(Some(&first.id())));
        assert_eq!((name.as_str(), id.as_str()), ("change", "e-3"));
        assert!(sent.windows.is_some() && sent.series.is_some());
        assert_eq!((sent.tops, sent.transactions), (None, None));
        assert_eq!(sent.as_of, message(101).as_of);

        let (_, _, sent) = read(&third.event(MessageId::parse("e-2").as_ref()));
        assert_eq!((sent.windows, sent.series), (None, None));
    }
}
