//! Everything that is known about the live figures at one moment. Pure.

use super::distinct::Distincts;
use super::figures;
use super::minutes::Minutes;
use super::source::Facts;
use super::tops::Tops;
use super::windows::{Spans, WINDOWS};
use comptoir_model::api::AsOf;
use comptoir_model::api::live::LiveSeries;
use comptoir_model::api::live::{
    DeadLetterCount, LiveDimension, LiveGroups, LiveMessage, LiveSource, LiveWindows, SourceState,
    TopKind, TopList, Transaction,
};
use comptoir_model::merge::Coverage;
use comptoir_warehouse::{LiveChange, LiveQuery, NameKind, Seen, StoredTransaction};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What the stream sends of each list.
pub(crate) const TRANSACTIONS_MAX: usize = 25;
pub(crate) const GROUPS_MAX: usize = 20;
pub(crate) const TOPS_MAX: usize = 10;
/// The newest dead letters that are held.
pub(crate) const DEAD_LETTERS_MAX: usize = 50;

pub(crate) const TOP_KINDS: [TopKind; 4] = [
    TopKind::Product,
    TopKind::Merchant,
    TopKind::Customer,
    TopKind::AmountBucket,
];

/// The figures of one day, from the first read to the last.
pub(crate) struct State {
    seen: Seen,
    minutes: Minutes,
    distincts: Distincts,
    tops: Tops,
    transactions: Arc<Vec<Transaction>>,
    facts: Option<Facts>,
    /// What the current batch-view run speaks for: nothing, as long as there is none.
    coverage: Coverage,
    names: HashMap<(NameKind, String), Option<String>>,
}

impl State {
    /// Knows nothing: its first query asks for all of the day.
    pub(crate) fn new(spans: Spans) -> Self {
        Self {
            seen: Seen::default(),
            tops: Tops::new(spans.quarters()),
            distincts: Distincts::new(spans.clone()),
            minutes: Minutes::new(spans),
            transactions: Arc::default(),
            facts: None,
            coverage: Coverage::default(),
            names: HashMap::new(),
        }
    }

    pub(crate) fn spans(&self) -> &Spans {
        self.minutes.spans()
    }

    /// Whether the windows can move to `spans`: not over midnight, and not back in time, which
    /// both need another [`State`].
    pub(crate) fn can_advance(&self, spans: &Spans) -> bool {
        let old = self.spans();
        old.today.start == spans.today.start && old.today.end <= spans.today.end
    }

    pub(crate) fn advance(&mut self, spans: &Spans) {
        if self.spans() != spans {
            self.tops.advance(spans.quarters());
            self.distincts.advance(spans.clone());
            self.minutes.advance(spans.clone());
        }
    }

    /// What to ask the warehouse for.
    pub(crate) fn query(&self) -> LiveQuery<'_> {
        let spans = self.spans();
        LiveQuery {
            seen: &self.seen,
            minutes_from: spans.minutes_from(),
            older_from: spans.older_from(),
            until: None,
            tops_from: Some(spans.quarters().start),
            recent_max: TRANSACTIONS_MAX,
            dead_letters_max: DEAD_LETTERS_MAX,
        }
    }

    /// Takes in the answer to [`Self::query`], which was given at `read_at`.
    pub(crate) fn apply(&mut self, change: LiveChange, read_at: Timestamp) {
        if change.anew {
            self.forget_figures();
        }
        for row in &change.minutes {
            self.minutes.replace(row);
            self.distincts.merge(row.minute, &row.totals.distinct);
        }
        for row in &change.older {
            self.minutes.replace_older(row);
            self.distincts
                .merge_older(row.quarter, &row.totals.distinct);
        }
        for row in &change.tops {
            self.tops.replace(row);
        }
        for new in &change.events {
            let origin = new.origin();
            for StoredTransaction { event, .. } in &new.events {
                self.minutes.add(origin, event);
                self.distincts.insert(event);
                self.tops.add(origin, event);
            }
        }
        if change.moved || self.facts.is_none() {
            let transactions = change.recent.iter().map(transaction).collect();
            self.transactions = Arc::new(transactions);
        }
        self.facts = Some(Facts::of(&change, read_at));
        self.coverage = change.coverage;
        self.seen = change.seen;
    }

    /// Before another batch-view run tells all of them again.
    fn forget_figures(&mut self) {
        let spans = self.spans().clone();
        self.tops = Tops::new(spans.quarters());
        self.distincts = Distincts::new(spans.clone());
        self.minutes = Minutes::new(spans);
    }

    /// `None` before the first read.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    pub(crate) fn as_of(&self, now: Timestamp) -> AsOf {
        let nothing = || AsOf {
            time: now,
            offsets: Vec::new(),
        };
        self.facts.as_ref().map_or_else(nothing, Facts::as_of)
    }

    pub(crate) fn source(&self, state: SourceState, since: Timestamp) -> LiveSource {
        match &self.facts {
            Some(facts) => facts.source(state, since, &self.coverage),
            None => LiveSource {
                state,
                since,
                fresh_through: None,
                checked_at: None,
                partitions: Vec::new(),
                gaps: Vec::new(),
                dead_letters: DeadLetterCount::default(),
            },
        }
    }

    pub(crate) fn windows(&self) -> LiveWindows {
        figures::windows(&self.minutes, &self.distincts)
    }

    pub(crate) fn series(&self) -> LiveSeries {
        figures::series(&self.minutes)
    }

    /// All windows by one dimension.
    pub(crate) fn groups(&self, dimension: LiveDimension, limit: usize) -> Vec<LiveGroups> {
        (WINDOWS.into_iter())
            .map(|window| figures::groups(&self.minutes, window, dimension, limit))
            .collect()
    }

    /// With the names that are known.
    pub(crate) fn tops(&self, kinds: &[TopKind], limit: usize) -> Vec<TopList> {
        let mut lists = self.tops.lists(kinds, limit);
        for list in &mut lists {
            let Some(kind) = name_kind(list.kind) else {
                continue;
            };
            for row in &mut list.rows {
                let name = self.names.get(&(kind, row.key.clone()));
                row.name = name.cloned().flatten();
            }
        }
        lists
    }

    /// The ids in the top lists whose names were never asked for; all of them where `again`.
    pub(crate) fn nameless(&self, again: bool) -> BTreeSet<(NameKind, String)> {
        (self.tops.lists(&TOP_KINDS, TOPS_MAX).into_iter())
            .filter_map(|list| Some((name_kind(list.kind)?, list.rows)))
            .flat_map(|(kind, rows)| rows.into_iter().map(move |row| (kind, row.key)))
            .filter(|key| again || !self.names.contains_key(key))
            .collect()
    }

    /// Takes in names, `None` of what has none. Only those in the top lists are kept.
    pub(crate) fn learn_names(&mut self, names: HashMap<(NameKind, String), Option<String>>) {
        self.names.extend(names);
    }

    pub(crate) fn forget_names(&mut self) {
        self.names.clear();
    }

    /// A message without figures.
    pub(crate) fn head(&self, state: SourceState, since: Timestamp, now: Timestamp) -> LiveMessage {
        LiveMessage {
            as_of: self.as_of(now),
            source: Arc::new(self.source(state, since)),
            windows: None,
            series: None,
            groups: None,
            tops: None,
            transactions: None,
        }
    }

    /// Every part of the page, as the stream sends it.
    pub(crate) fn message(
        &self,
        state: SourceState,
        since: Timestamp,
        now: Timestamp,
    ) -> LiveMessage {
        let head = self.head(state, since, now);
        if self.facts.is_none() {
            return head;
        }
        let mut groups = self.groups(LiveDimension::Category, GROUPS_MAX);
        groups.extend(self.groups(LiveDimension::City, GROUPS_MAX));
        LiveMessage {
            windows: Some(Arc::new(self.windows())),
            series: Some(Arc::new(self.series())),
            groups: Some(Arc::new(groups)),
            tops: Some(Arc::new(self.tops(&TOP_KINDS, TOPS_MAX))),
            transactions: Some(Arc::clone(&self.transactions)),
            ..head
        }
    }
}

pub(crate) fn name_kind(kind: TopKind) -> Option<NameKind> {
    match kind {
        TopKind::Product => Some(NameKind::Product),
        TopKind::Customer => Some(NameKind::Customer),
        TopKind::Merchant | TopKind::AmountBucket => None,
    }
}

/// As the API shows it.
pub(crate) fn transaction(stored: &StoredTransaction) -> Transaction {
    let event = &stored.event;
    Transaction {
        stream: stored.partition.stream.clone(),
        partition: stored.partition.partition,
        offset: stored.offset,
        event_id: event.event_id.as_str().to_owned(),
        event_time: event.event_time.timestamp(),
        order_id: event.order_id.as_str().to_owned(),
        order_line: event.order_line.get(),
        customer_id: event.customer_id.as_ref().map(|id| id.as_str().to_owned()),
        customer_name: (event.customer_name.as_ref()).map(|name| name.as_str().to_owned()),
        product_id: event.product_id.as_str().to_owned(),
        product_name: event.product_name.as_str().to_owned(),
        category: event.category.as_str().to_owned(),
        merchant: event.merchant.as_str().to_owned(),
        quantity: event.quantity.get(),
        amount: comptoir_model::money::Money {
            amount: event.amount.decimal(),
            currency: event.currency,
        },
        country: event.country.as_str().to_owned(),
        city: event.city.as_str().to_owned(),
        channel: event.channel.as_str().to_owned(),
        payment_method: event.payment_method.as_str().to_owned(),
        status: event.status,
    }
}
