//! One writer of the table for all partitions of a process: those that are due share a version,
//! instead of racing with one another.

use comptoir_bronze::{Archive, BronzeError, Committed, Part, Table};
use comptoir_model::ids::Offset;
use comptoir_model::merge::{Gaps, PartitionKey, Span};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// How long the first part waits for those of other partitions, unless all are there before. They
/// were collected over the same seconds, so they come together; after the first time exactly so,
/// because their commits ended together.
const GATHER: Duration = Duration::from_millis(150);

/// Questions that wait; a partition has one at a time.
const QUEUE: usize = 64;

/// Asks the writer, from the thread of a partition.
#[derive(Clone, Debug)]
pub(super) struct Committer(mpsc::Sender<Question>);

#[derive(Debug)]
enum Question {
    Where(PartitionKey, oneshot::Sender<Result<Stand, BronzeError>>),
    Ids(
        PartitionKey,
        Span,
        oneshot::Sender<Result<Vec<(Offset, String)>, BronzeError>>,
    ),
    Commit(Part, oneshot::Sender<Committed>),
}

/// Where a partition's archive stands.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    pub(super) next: Offset,
    pub(super) gaps: Gaps,
}

/// The process ends, and with it the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended;

impl Committer {
    /// The writer ends with the last committer.
    pub(super) fn start(table: Table) -> Self {
        let (ask, questions) = mpsc::channel(QUEUE);
        tokio::spawn(answer(Archive::new(table), questions));
        Self(ask)
    }

    pub(super) async fn stand(
        &self,
        key: &PartitionKey,
    ) -> Result<Result<Stand, BronzeError>, Ended> {
        self.ask(|reply| Question::Where(key.clone(), reply)).await
    }

    /// The ids of events that were archived.
    pub(super) async fn ids(
        &self,
        key: &PartitionKey,
        span: Span,
    ) -> Result<Result<Vec<(Offset, String)>, BronzeError>, Ended> {
        self.ask(|reply| Question::Ids(key.clone(), span, reply))
            .await
    }

    pub(super) async fn commit(&self, part: Part) -> Result<Committed, Ended> {
        self.ask(|reply| Question::Commit(part, reply)).await
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Question,
    ) -> Result<T, Ended> {
        let (reply, answer) = oneshot::channel();
        self.0.send(question(reply)).await.map_err(|_| Ended)?;
        answer.await.map_err(|_| Ended)
    }
}

async fn answer(mut archive: Archive, mut questions: mpsc::Receiver<Question>) {
    let mut waiting = None;
    loop {
        let question = match waiting.take() {
            Some(question) => question,
            None => match questions.recv().await {
                Some(question) => question,
                None => return,
            },
        };
        // Whoever asked may have gone.
        match question {
            Question::Where(key, reply) => {
                reply.send(stand(&mut archive, &key).await).ok();
            }
            Question::Ids(key, span, reply) => {
                reply.send(ids(&mut archive, &key, span).await).ok();
            }
            Question::Commit(part, reply) => {
                let mut parts = vec![part];
                let mut replies = vec![reply];
                waiting = gather(&mut questions, &mut parts, &mut replies).await;
                let committed = archive.commit(&parts).await;
                for (reply, committed) in replies.into_iter().zip(committed) {
                    reply.send(committed).ok();
                }
            }
        }
    }
}

/// Waits a moment for the parts of other partitions. Answers with the question that came and is
/// none of them.
async fn gather(
    questions: &mut mpsc::Receiver<Question>,
    parts: &mut Vec<Part>,
    replies: &mut Vec<oneshot::Sender<Committed>>,
) -> Option<Question> {
    let mut keys: BTreeSet<_> = parts.iter().map(|part| part.key.clone()).collect();
    let until = Instant::now() + GATHER;
    // The sink itself has a committer too.
    while keys.len() + 1 < questions.sender_strong_count()
        && let Ok(Some(question)) = tokio::time::timeout_at(until, questions.recv()).await
    {
        match question {
            // A partition that was handed over may come twice.
            Question::Commit(part, reply) if keys.insert(part.key.clone()) => {
                parts.push(part);
                replies.push(reply);
            }
            other => return Some(other),
        }
    }
    None
}

async fn stand(archive: &mut Archive, key: &PartitionKey) -> Result<Stand, BronzeError> {
    let next = archive.next(key).await?;
    let gaps = archive.snapshot().await?.gaps(key).await?;
    Ok(Stand { next, gaps })
}

async fn ids(
    archive: &mut Archive,
    key: &PartitionKey,
    span: Span,
) -> Result<Vec<(Offset, String)>, BronzeError> {
    archive.snapshot().await?.ids(key, span).await
}
