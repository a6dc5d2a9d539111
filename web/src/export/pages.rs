//! A long list, page by page: no more than one page is in memory for each client.

use crate::http::problem::Refused;
use axum::body::Bytes;
use futures::{Stream, StreamExt, future, stream};
use std::io;
use tracing::debug;

/// A part of a list.
#[derive(Debug)]
pub(crate) struct Page<P> {
    /// Of CSV.
    pub(crate) lines: String,
    /// Where the next one begins; `None` behind the last one.
    pub(crate) next: Option<P>,
}

/// The lines of `first`, and of all pages behind it. Each is read when it is asked for.
pub(super) fn follow<P, R>(
    first: Page<P>,
    read: impl Fn(P) -> R + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static
where
    P: Send + 'static,
    R: Future<Output = Result<Page<P>, Refused>> + Send + 'static,
{
    let behind = stream::try_unfold(first.next, move |next| {
        let page = next.map(&read);
        async move {
            let Some(page) = page else {
                return Ok(None);
            };
            let page = page.await.map_err(|Refused(problem)| {
                debug!("an export was broken off: {}", problem.detail);
                io::Error::other(problem.detail)
            })?;
            Ok(Some((Bytes::from(page.lines), page.next)))
        }
    });
    let first = future::ready(Ok(Bytes::from(first.lines)));
    stream::once(first).chain(behind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::too_many;

    /// `count` pages, the last of which can't be read.
    fn pages(count: u32) -> impl Stream<Item = io::Result<Bytes>> {
        let page = |number: u32| Page {
            lines: number.to_string(),
            next: Some(number + 1),
        };
        follow(page(0), move |number| {
            future::ready(if number == count {
                Err(too_many("gone".to_owned(), "none"))
            } else {
                Ok(page(number))
            })
        })
    }

    #[tokio::test]
    async fn a_page_that_can_not_be_read_ends_the_stream_with_an_error() {
        let read: Vec<_> = pages(2).collect().await;
        assert_eq!(read.len(), 3);
        assert_eq!(read[0].as_ref().unwrap(), "0");
        assert_eq!(read[1].as_ref().unwrap(), "1");
        assert_eq!(read[2].as_ref().unwrap_err().to_string(), "gone");
    }
}
