//! Each part of the launcher runs until it is told to stop: one that ends earlier is started again,
//! and the others don't notice.

use anyhow::Result;
use comptoir_config::clock;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A part that ran this long did well: its failures are counted from the start again.
const LONG: Duration = Duration::from_mins(1);

/// Runs what `start` makes, and again whenever it ends before `stop`: after so many failures in a row
/// with a `pause` of its own.
pub(super) async fn keep<F>(
    name: &'static str,
    stop: CancellationToken,
    pause: impl Fn(u32) -> Duration,
    start: impl Fn() -> F,
) where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut failures = 0;
    loop {
        let began = clock::instant();
        // In a task of its own, so that a panic ends nothing else; dropped with this future.
        let mut task = JoinSet::new();
        task.spawn(start());
        let ended = match task.join_next().await {
            Some(Ok(Ok(()))) | None => None,
            Some(Ok(Err(error))) => Some(format!("{error:#}")),
            Some(Err(error)) => Some(error.to_string()),
        };
        if stop.is_cancelled() {
            if let Some(error) = ended {
                tracing::warn!(part = name, "{name} did not end well: {error}");
            }
            return;
        }
        failures = if began.elapsed() < LONG {
            failures + 1
        } else {
            1
        };
        let pause = pause(failures);
        let error = ended.unwrap_or_else(|| "it ended by itself".to_owned());
        tracing::error!(
            part = name,
            again_in_s = pause.as_secs(),
            "{name} ended: {error}"
        );
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn what_fails_ends_or_panics_is_started_again_until_told_to_stop() {
        let (starts, stop) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
        let (counted, stopped) = (Arc::clone(&starts), stop.clone());
        let pause = |_| Duration::from_millis(1);
        keep("part", stop, pause, move || {
            let (number, stopped) = (counted.fetch_add(1, Ordering::Relaxed), stopped.clone());
            async move {
                match number {
                    0 => anyhow::bail!("broken"),
                    1 => Ok(()),
                    2 => panic!("worse"),
                    _ => {
                        stopped.cancel();
                        Ok(())
                    }
                }
            }
        })
        .await;
        assert_eq!(starts.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn a_pause_is_no_reason_to_end_late() {
        let stop = CancellationToken::new();
        let (failed, mut failures) = tokio::sync::mpsc::unbounded_channel();
        let pause = move |_| {
            failed.send(()).ok();
            Duration::from_hours(1)
        };
        let keeping = keep("part", stop.clone(), pause, || async {
            anyhow::bail!("broken")
        });
        let stopping = async {
            failures.recv().await.unwrap();
            stop.cancel();
        };
        let both = async { tokio::join!(keeping, stopping) };
        tokio::time::timeout(Duration::from_mins(1), both)
            .await
            .unwrap();
    }
}
