//! Lists as files to save: with `format=csv` each list answers CSV, with the same filters.

mod pages;
mod tables;
mod text;

pub(crate) use pages::Page;
pub(crate) use tables::{LETTER, TRANSACTION, Table, letter, transaction};
pub(crate) use text::add_line;

use crate::http::answer::content;
use crate::http::problem::{Refused, problem};
use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use comptoir_model::api::ProblemKind;
use jiff::Timestamp;
use serde::Deserialize;
use text::BYTE_ORDER_MARK;

/// More is refused before the first byte: a file that ends early looks like one that is whole.
pub(crate) const ROWS_MAX: usize = 100_000;
/// Of a list that is read as it is sent.
pub(crate) const PAGE_ROWS: usize = 1_000;

pub(crate) const CSV: &str = "text/csv; charset=utf-8";

/// What a list is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    #[default]
    Json,
    Csv,
}

/// A file of CSV.
#[derive(Clone, Debug)]
pub(crate) struct CsvFile {
    /// What it holds, as a part of its name: ASCII letters, digits, `-`, `_` and `.`.
    pub(crate) what: String,
    /// What it is as of.
    pub(crate) at: Timestamp,
    /// Whether it begins with a byte order mark.
    pub(crate) bom: bool,
}

impl CsvFile {
    /// All of a short list at once, with an entity tag.
    pub(crate) fn table(&self, request: &HeaderMap, table: &Table) -> Response {
        let mut text = self.first_line(&table.header);
        for row in &table.rows {
            add_line(&mut text, row);
        }
        let response = content(request, CSV, text.into_bytes());
        named(response, &self.what, self.at, "csv")
    }

    /// A page of a long list, and then those behind it, each read when the client has taken the
    /// one before. An error breaks the connection off, so that nobody takes a part for the whole.
    pub(crate) fn pages<P, R>(
        &self,
        header: &[&str],
        mut first: Page<P>,
        read: impl Fn(P) -> R + Send + 'static,
    ) -> Response
    where
        P: Send + 'static,
        R: Future<Output = Result<Page<P>, Refused>> + Send + 'static,
    {
        first.lines.insert_str(0, &self.first_line(header));
        let body = Body::from_stream(pages::follow(first, read));
        let response = ([(CONTENT_TYPE, CSV)], body).into_response();
        named(response, &self.what, self.at, "csv")
    }

    fn first_line<C: AsRef<str>>(&self, header: &[C]) -> String {
        let mut text = String::new();
        if self.bom {
            text.push_str(BYTE_ORDER_MARK);
        }
        add_line(&mut text, header);
        text
    }
}

/// Tells a browser to save the answer, and as what: `comptoir-transactions-20261121T134230Z.csv`.
pub(crate) fn named(mut response: Response, what: &str, at: Timestamp, ending: &str) -> Response {
    let time = at.strftime("%Y%m%dT%H%M%SZ");
    let value = format!("attachment; filename=\"comptoir-{what}-{time}.{ending}\"");
    let value = HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("attachment"));
    response.headers_mut().insert(CONTENT_DISPOSITION, value);
    response
}

/// Whether a list of so many rows goes into a file as a whole.
pub(crate) fn fits(rows: usize) -> Result<(), Refused> {
    if rows <= ROWS_MAX {
        return Ok(());
    }
    let detail = format!("more than {ROWS_MAX} rows fit, and a file has no more");
    let hint = "narrow it down with filters, or read JSON page by page with limit and cursor";
    Err(too_many(detail, hint))
}

/// Not all that was asked for would be in the file.
pub(crate) fn too_many(detail: String, hint: &str) -> Refused {
    Refused(problem(
        ProblemKind::TooManyRows,
        detail,
        Some(hint.to_owned()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_too_long_is_refused_with_the_cure() {
        assert!(fits(ROWS_MAX).is_ok());
        let Refused(problem) = fits(ROWS_MAX + 1).unwrap_err();
        assert_eq!(problem.kind, ProblemKind::TooManyRows);
        assert!(problem.detail.contains("100000"), "{}", problem.detail);
        assert!(problem.hint.unwrap().contains("filters"));
    }
}
