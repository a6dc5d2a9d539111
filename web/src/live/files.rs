//! The lists of transactions and of dead letters as files, all pages of them.

use super::lists::{includes, info, letters_behind};
use super::rest::asked;
use super::{Live, state};
use crate::export::{
    self, CsvFile, LETTER, PAGE_ROWS, Page, ROWS_MAX, TRANSACTION, add_line, fits,
};
use crate::http::problem::Refused;
use axum::response::Response;
use comptoir_model::api::AsOf;
use comptoir_warehouse::{
    DeadLetterFilter, DeadLetterKey, StoredTransaction, TransactionCursor, TransactionFilter,
};
use std::sync::Arc;

/// Those that a file is made of.
pub(super) struct Transactions {
    pub(super) live: Arc<Live>,
    pub(super) filter: TransactionFilter,
    /// What comes in while the file is read is not in it.
    pub(super) as_of: AsOf,
    /// Only so many, as a single page; else all.
    pub(super) limit: Option<usize>,
}

impl Transactions {
    pub(super) async fn file(
        self,
        after: Option<TransactionCursor>,
        bom: bool,
    ) -> Result<Response, Refused> {
        if self.limit.is_none() {
            let warehouse = &self.live.warehouse;
            fits(asked(warehouse.count_transactions(&self.filter, ROWS_MAX + 1)).await?)?;
        }
        let file = file("transactions", &self.as_of, bom);
        let first = self.page(after).await?;
        let list = Arc::new(self);
        let read = move |place| {
            let list = Arc::clone(&list);
            async move { list.page(Some(place)).await }
        };
        Ok(file.pages(&TRANSACTION, first, read))
    }

    async fn page(
        &self,
        after: Option<TransactionCursor>,
    ) -> Result<Page<TransactionCursor>, Refused> {
        let rows = self.limit.unwrap_or(PAGE_ROWS);
        let warehouse = &self.live.warehouse;
        let found = asked(warehouse.transactions(&self.filter, after.as_ref(), rows)).await?;
        let goes_on = self.limit.is_none() && found.len() == rows;
        let last = found.last().filter(|_| goes_on);
        let mut lines = String::new();
        for row in found.iter().map(state::transaction) {
            if includes(&self.as_of, &row.stream, row.partition, row.offset) {
                add_line(&mut lines, &export::transaction(&row));
            }
        }
        Ok(Page {
            next: last.map(StoredTransaction::cursor),
            lines,
        })
    }
}

/// Those that a file is made of.
pub(super) struct Letters {
    pub(super) live: Arc<Live>,
    pub(super) reason: Option<String>,
    /// What comes in while the file is read is not in it.
    pub(super) as_of: AsOf,
    /// Only so many, as a single page; else all.
    pub(super) limit: Option<usize>,
}

impl Letters {
    pub(super) async fn file(
        self,
        after: Option<DeadLetterKey>,
        bom: bool,
    ) -> Result<Response, Refused> {
        if self.limit.is_none() {
            let warehouse = &self.live.warehouse;
            let reason = self.reason.as_deref();
            fits(asked(warehouse.count_dead_letters(reason, ROWS_MAX + 1)).await?)?;
        }
        let file = file("dead-letters", &self.as_of, bom);
        let first = self.page(after).await?;
        let list = Arc::new(self);
        let read = move |place| {
            let list = Arc::clone(&list);
            async move { list.page(Some(place)).await }
        };
        Ok(file.pages(&LETTER, first, read))
    }

    async fn page(&self, after: Option<DeadLetterKey>) -> Result<Page<DeadLetterKey>, Refused> {
        let rows = self.limit.unwrap_or(PAGE_ROWS);
        let filter = DeadLetterFilter {
            reason: self.reason.clone(),
            after,
        };
        let found = letters_behind(&self.live.warehouse, &filter, rows).await?;
        let goes_on = self.limit.is_none() && found.len() == rows;
        let last = found.last().filter(|_| goes_on);
        let mut lines = String::new();
        for letter in found.iter().map(info) {
            if includes(&self.as_of, &letter.stream, letter.partition, letter.offset) {
                add_line(&mut lines, &export::letter(&letter));
            }
        }
        Ok(Page {
            next: last.map(|last| last.key.clone()),
            lines,
        })
    }
}

fn file(what: &str, as_of: &AsOf, bom: bool) -> CsvFile {
    CsvFile {
        what: what.to_owned(),
        at: as_of.time,
        bom,
    }
}
