//! What the live part of the page knows, and how each message of the stream changes it. Pure: the
//! shell in [`super::stream`] listens and keeps the time.

use crate::state::Fault;
use comptoir_model::api::AsOf;
use comptoir_model::api::live::{
    AnotherList, GapKind, LiveDimension, LiveGroups, LiveMessage, LiveSeries, LiveSource,
    LiveUpdate, SourceState, TopKind, TopList, Transaction, Window, WindowName,
};
use comptoir_model::money::Currency;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// The server sends something at least each second; this long without a word is news.
const SILENCE: SignedDuration = SignedDuration::from_secs(5);

/// All figures of one moment, which are cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture(LiveMessage);

impl Picture {
    pub(crate) fn as_of(&self) -> &AsOf {
        &self.0.as_of
    }

    pub(crate) fn source(&self) -> &Arc<LiveSource> {
        &self.0.source
    }

    pub(crate) fn series(&self) -> Option<&Arc<LiveSeries>> {
        self.0.series.as_ref()
    }

    /// Newest first.
    pub(crate) fn transactions(&self) -> Arc<Vec<Transaction>> {
        self.0.transactions.clone().unwrap_or_default()
    }

    pub(crate) fn window(&self, name: WindowName) -> Option<&Window> {
        let windows = self.0.windows.as_ref()?;
        Some(match name {
            WindowName::Minutes5 => &windows.minutes_5,
            WindowName::Minutes60 => &windows.minutes_60,
            WindowName::Today => &windows.today,
        })
    }

    pub(crate) fn groups(
        &self,
        window: WindowName,
        dimension: LiveDimension,
    ) -> Option<&LiveGroups> {
        (self.0.groups.iter())
            .flat_map(|all| all.iter())
            .find(|groups| groups.window == window && groups.dimension == dimension)
    }

    pub(crate) fn top(&self, kind: TopKind, currency: Currency) -> Option<&TopList> {
        (self.0.tops.iter())
            .flat_map(|all| all.iter())
            .find(|list| list.kind == kind && list.currency == currency)
    }

    /// What was sold in today or in the last hour, in its order.
    pub(crate) fn currencies(&self) -> Vec<Currency> {
        let mut currencies: Vec<_> = [WindowName::Today, WindowName::Minutes60]
            .into_iter()
            .filter_map(|name| self.window(name))
            .flat_map(|window| &window.figures.revenue)
            .map(|revenue| revenue.net.currency)
            .collect();
        currencies.sort_unstable();
        currencies.dedup();
        currencies
    }

    /// Whether a figure from `from` on may be too low: records are lost, or are still to come.
    pub(crate) fn is_incomplete_since(&self, from: Timestamp) -> bool {
        let source = self.source();
        source.state == SourceState::CatchingUp
            || (source.gaps.iter()).any(|gap| gap.kind == GapKind::Lost && gap.found_at >= from)
    }
}

/// What the stream brought.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// Everything.
    Snapshot(Box<LiveMessage>),
    /// What has changed since the message before it.
    Change(Box<LiveUpdate>),
}

/// What the page knows of the live figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LiveView {
    Loading,
    /// There is nothing to show, and this is why.
    Down(Fault),
    Shown(Shown),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) picture: Picture,
    /// When the last message came, by this machine's clock.
    pub(crate) received: Timestamp,
    pub(crate) link: Link,
}

/// The way to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Open,
    Lost(Option<Fault>),
}

impl LiveView {
    /// An error leaves what is shown as it was: the change is of something else, and only a
    /// snapshot helps.
    pub(crate) fn take(&mut self, news: News, now: Timestamp) -> Result<(), AnotherList> {
        let picture = match (news, &*self) {
            (News::Snapshot(message), _) => Picture(*message),
            (News::Change(update), Self::Shown(shown)) => {
                let mut picture = shown.picture.clone();
                update.apply(&mut picture.0)?;
                picture
            }
            (News::Change(_), _) => return Err(AnotherList),
        };
        *self = Self::Shown(Shown {
            picture,
            received: now,
            link: Link::Open,
        });
        Ok(())
    }

    /// The connection broke; with the reason, where there is one to be had.
    pub(crate) fn lose(&mut self, fault: Option<Fault>) {
        match (fault, &mut *self) {
            (fault, Self::Shown(shown)) => {
                // A reason stays until there is another one, or the link is back.
                let known = match &mut shown.link {
                    Link::Open => None,
                    Link::Lost(known) => known.take(),
                };
                shown.link = Link::Lost(fault.or(known));
            }
            (Some(fault), _) => *self = Self::Down(fault),
            (None, _) => {}
        }
    }

    /// Of the newest message.
    pub(crate) fn moment(&self) -> Option<Timestamp> {
        Some(self.as_shown()?.picture.as_of().time)
    }

    pub(crate) fn as_shown(&self) -> Option<&Shown> {
        match self {
            Self::Shown(shown) => Some(shown),
            _ => None,
        }
    }
}

/// How new the figures are, for the line at the top and the banners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    Live {
        up_to: Option<Timestamp>,
        age: SignedDuration,
    },
    CatchingUp {
        up_to: Option<Timestamp>,
    },
    /// The views sink is silent.
    Stopped {
        silent: SignedDuration,
    },
    WarehouseAway {
        since: Timestamp,
    },
    Empty,
    /// The server is silent: `last` is the moment of the figures that are shown.
    Reconnecting {
        last: Timestamp,
        fault: Option<Fault>,
    },
}

impl Freshness {
    /// Ages count from the server's own clock at the message, then on by ours: clocks may differ.
    pub(crate) fn of(shown: &Shown, now: Timestamp) -> Self {
        let source = shown.picture.source();
        let moment = shown.picture.as_of().time;
        // The page's clock ticks, so a message may be ahead of it.
        let since_then = now.duration_since(shown.received).max(SignedDuration::ZERO);
        let age_of = |then: Timestamp| moment.duration_since(then) + since_then;
        let silent = since_then > SILENCE;
        if silent || shown.link != Link::Open {
            let fault = match &shown.link {
                Link::Open => None,
                Link::Lost(fault) => fault.clone(),
            };
            return Self::Reconnecting {
                last: moment,
                fault,
            };
        }
        let up_to = source.fresh_through;
        match source.state {
            SourceState::Empty => Self::Empty,
            SourceState::Live => Self::Live {
                up_to,
                age: up_to
                    .map_or(SignedDuration::ZERO, age_of)
                    .max(SignedDuration::ZERO),
            },
            SourceState::CatchingUp => Self::CatchingUp { up_to },
            SourceState::Stopped => Self::Stopped {
                silent: age_of(source.checked_at.unwrap_or(source.since)),
            },
            SourceState::WarehouseAway => Self::WarehouseAway {
                since: source.since,
            },
        }
    }

    /// Whether the figures are of now.
    pub(crate) fn is_current(&self) -> bool {
        matches!(
            self,
            Self::Live { .. } | Self::CatchingUp { .. } | Self::Empty
        )
    }

    /// As the page's `data-state` spells it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Live { .. } => "live",
            Self::CatchingUp { .. } => "catching-up",
            Self::Stopped { .. } => "stopped",
            Self::WarehouseAway { .. } => "warehouse-away",
            Self::Empty => "empty",
            Self::Reconnecting { .. } => "reconnecting",
        }
    }
}

#[cfg(test)]
mod tests;
