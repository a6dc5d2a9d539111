//! A client of server-sent events.

use serde_json::Value;
use std::time::Duration;

/// For anything that is waited for; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Events {
    response: reqwest::Response,
    buffer: String,
}

#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Events {
    pub(crate) fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers().get("content-encoding"), None);
        Self {
            response,
            buffer: String::new(),
        }
    }

    /// The next event; comments and the like are passed over. `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let waiting = async {
            loop {
                if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                    let (block, rest) = (block.to_owned(), rest.to_owned());
                    self.buffer = rest;
                    if let Some(event) = read(&block) {
                        return Some(event);
                    }
                    continue;
                }
                let chunk = self.response.chunk().await.ok()??;
                self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        (tokio::time::timeout(PATIENCE, waiting).await).expect("an event must come")
    }

    /// Passes over events until one is as wanted.
    pub(crate) async fn find(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let finding = async {
            loop {
                let event = self.next().await.expect("the stream goes on");
                if wanted(&event) {
                    return event;
                }
            }
        };
        (tokio::time::timeout(PATIENCE, finding).await).expect("such an event must come")
    }
}

fn read(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let line = block
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::to_owned)
    };
    Some(Event {
        name: field("event")?,
        id: field("id")?,
        data: serde_json::from_str(&field("data")?).unwrap(),
    })
}
