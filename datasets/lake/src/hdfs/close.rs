//! Closing a file without half a second of waiting.
//!
//! The `NameNode` takes a file for complete once a `DataNode` has reported its last block, about a
//! millisecond after the client heard of it. hdfs-native asks before that, mostly, and sleeps 500 ms
//! until it asks again. Here its call is given up while it sleeps and made anew: the `NameNode` knows
//! the last block since the first question, the second one finds the file complete.
//!
//! On a slow cluster the call may be given up while the block is still being ended: the `NameNode`
//! then never hears of it from this writer. All bytes were hsynced before, so the file is completed
//! as after a crash, by recovering its lease; that nothing is missing its length tells.

use super::client::Hdfs;
use super::error::map;
use crate::error::{LakeError, Result};
use crate::path::LakePath;
use hdfs_native::file::FileWriter;
use std::time::Duration;

/// How often the call is made before the lease is recovered: in all about 1.5 s.
const ATTEMPTS: u32 = 6;

/// Between two questions whether the lease is recovered.
const RECOVERY_PAUSE: Duration = Duration::from_millis(200);

/// Completes a file whose `length` bytes are hsynced. `round_trip` is what that took: to end the
/// last block takes about as long.
pub(super) async fn close(
    hdfs: &Hdfs,
    path: &LakePath,
    file: &mut FileWriter,
    length: u64,
    round_trip: Duration,
) -> Result<()> {
    let call = async {
        for attempt in 0..ATTEMPTS {
            let given = patience(round_trip, attempt);
            match tokio::time::timeout(given, Box::pin(file.close())).await {
                Ok(Err(error)) if attempt == 0 => return Err(map(path)(error)),
                Ok(Ok(())) => return Ok(()),
                // The call before may have completed it, or left its block behind.
                Ok(Err(_)) => break,
                Err(_) => {}
            }
        }
        complete(hdfs, path, length).await
    };
    hdfs.limit.run(|| format!("closing {path}"), call).await
}

/// How long the call may take. First long enough for a last block that takes ten times as long as
/// the last hsync; twice as long each time.
fn patience(round_trip: Duration, attempt: u32) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(20);
    const LONGEST: Duration = Duration::from_millis(400);
    let first = (round_trip * 10).clamp(SHORTEST, LONGEST);
    (first * 2_u32.pow(attempt)).min(LONGEST)
}

/// Completes the file in the place of its writer.
async fn complete(hdfs: &Hdfs, path: &LakePath, length: u64) -> Result<()> {
    loop {
        match hdfs
            .client
            .recover_lease(path.as_str())
            .await
            .map_err(map(path))
        {
            Ok(true) => break,
            // Its blocks are not recovered, or not reported yet.
            Ok(false) | Err(LakeError::AlreadyExists { .. }) => {}
            Err(error) => return Err(error),
        }
        tokio::time::sleep(RECOVERY_PAUSE).await;
    }
    let status = hdfs
        .client
        .get_file_info(path.as_str())
        .await
        .map_err(map(path))?;
    if status.length as u64 == length {
        return Ok(());
    }
    Err(LakeError::WriterClosed {
        path: path.clone(),
        reason: format!(
            "it was completed with {} of its {length} bytes",
            status.length
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_with_the_cluster_and_with_each_attempt() {
        let milliseconds =
            |round_trip, attempt| patience(Duration::from_micros(round_trip), attempt).as_millis();
        assert_eq!(
            [0, 1, 2, 5].map(|attempt| milliseconds(700, attempt)),
            [20, 40, 80, 400]
        );
        assert_eq!(
            [0, 1, 2, 5].map(|attempt| milliseconds(15_000, attempt)),
            [150, 300, 400, 400]
        );
        assert_eq!(
            [0, 1, 2, 5].map(|attempt| milliseconds(2_000_000, attempt)),
            [400; 4]
        );
    }
}
