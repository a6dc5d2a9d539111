//! Listens to the server's stream for as long as the page is open and seen.

use super::state::{LiveView, News};
use crate::state::Fault;
use crate::{api, browser, json};
use gloo_timers::future::TimeoutFuture;
use jiff::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{EventSource, MessageEvent};

const STREAM: &str = "/api/v1/live/stream";
/// Answers with the reason where the stream can't be had.
const SUMMARY: &str = "/api/v1/live/summary";
/// How often the clock moves and the connection is looked after.
const TICK_MS: u32 = 500;
/// A connection that is open but silent for so many ticks is dead: it is opened again.
const SILENT_TICKS: u32 = 20;
/// How many ticks pass before a refused connection is tried again.
const RETRY_TICKS: u32 = 4;
/// Faster changes come together: what is read faster is not seen.
const CHANGE_MS: u32 = 200;
/// A page that nobody sees lets go of its connection after so many ticks.
const HIDDEN_TICKS: u32 = 20;

/// Keeps `view` up to date and moves the page's clock.
pub(crate) async fn listen(view: RwSignal<LiveView>, now: RwSignal<Timestamp>) {
    let mut connection: Option<Connection> = None;
    let mut wait = 0_u32;
    let mut hidden = 0_u32;
    loop {
        hidden = if browser::is_hidden() { hidden + 1 } else { 0 };
        wait = wait.saturating_sub(1);
        if hidden > HIDDEN_TICKS {
            // What is missed meanwhile comes as one snapshot.
            connection = None;
        } else if connection.as_ref().is_some_and(Connection::is_over) {
            connection = None;
            wait = RETRY_TICKS;
            spawn_local(tell_why(view));
        } else if connection.is_none() && wait == 0 {
            connection = Connection::open(view);
        }
        if hidden == 0 {
            now.set(browser::now());
        }
        TimeoutFuture::new(TICK_MS).await;
    }
}

/// The browser does not say why it could not connect; a plain request does.
async fn tell_why(view: RwSignal<LiveView>) {
    let fault = api::fault_of(SUMMARY).await;
    // The stream may be back already, and then there is nothing to explain.
    if fault.is_some() {
        view.update(|view| view.lose(fault));
    }
}

type Listener = Closure<dyn FnMut(MessageEvent)>;

/// One `EventSource`; closed when dropped.
struct Connection {
    source: EventSource,
    /// Ticks since the last message.
    silent: StoredValue<u32>,
    is_waiting: StoredValue<bool>,
    /// A message could not be read: the next connection begins with a snapshot.
    is_broken: StoredValue<bool>,
    _listeners: [Listener; 2],
    _on_error: Closure<dyn FnMut()>,
}

impl Connection {
    /// `None` where the browser refuses: an address of ours is valid, so it never does.
    fn open(view: RwSignal<LiveView>) -> Option<Self> {
        let source = EventSource::new(STREAM).ok()?;
        let silent = StoredValue::new(0_u32);
        let is_waiting = StoredValue::new(false);
        let is_broken = StoredValue::new(false);
        let listener = move |read: fn(&str) -> Option<News>| {
            Listener::new(move |event: MessageEvent| {
                silent.set_value(0);
                let text = event.data().as_string().unwrap_or_default();
                let take = |news| view.try_update_untracked(|view| view.take(news, browser::now()));
                if !matches!(read(&text).map(take), Some(Some(Ok(())))) {
                    // What comes next would be a change of a message that was not taken in.
                    is_broken.set_value(true);
                    let path = STREAM.to_owned();
                    view.update_untracked(|view| view.lose(Some(Fault::Unreadable { path })));
                }
                show_soon(view, is_waiting);
            })
        };
        let listeners = [
            listener(|text| Some(News::Snapshot(Box::new(json::parse(text)?)))),
            listener(|text| Some(News::Change(Box::new(json::parse(text)?)))),
        ];
        for (name, listener) in ["snapshot", "change"].into_iter().zip(&listeners) {
            let function = listener.as_ref().unchecked_ref();
            // Fails for no event name.
            drop(source.add_event_listener_with_callback(name, function));
        }
        let on_error = Closure::<dyn FnMut()>::new(move || {
            view.update(|view| view.lose(None));
        });
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Some(Self {
            source,
            silent,
            is_waiting,
            is_broken,
            _listeners: listeners,
            _on_error: on_error,
        })
    }

    /// Counts a tick. The browser connects again by itself after a broken connection, not after a
    /// refusal, and never notices one that is dead without being closed.
    fn is_over(&self) -> bool {
        self.silent.update_value(|ticks| *ticks += 1);
        self.is_broken.get_value()
            || self.source.ready_state() == EventSource::CLOSED
            || self.silent.get_value() > SILENT_TICKS
    }
}

/// Has the page show what is known: at once, and then not again for a moment.
fn show_soon(view: RwSignal<LiveView>, is_waiting: StoredValue<bool>) {
    if is_waiting.try_get_value() != Some(false) {
        return;
    }
    view.notify();
    let shown = view.with_untracked(LiveView::moment);
    is_waiting.set_value(true);
    spawn_local(async move {
        TimeoutFuture::new(CHANGE_MS).await;
        is_waiting.try_set_value(false);
        if view.with_untracked(LiveView::moment) != shown {
            show_soon(view, is_waiting);
        }
    });
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.source.set_onerror(None);
        self.source.close();
        self.silent.dispose();
        self.is_waiting.dispose();
        self.is_broken.dispose();
    }
}
