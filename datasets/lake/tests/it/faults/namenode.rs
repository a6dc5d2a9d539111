//! A `NameNode` that refuses, is away or hangs.

use super::cluster::cluster;
use bytes::Bytes;
use comptoir_lake::{Create, Lake, LakeError, LakePath, Recursive, Result, Retry};
use rustix::process::Signal;
use std::time::Duration;

/// Only so that a call without a limit fails instead of hanging.
pub(super) const DEADLINE: Duration = Duration::from_mins(2);

const LIMIT: Duration = Duration::from_secs(5);

fn path(text: &str) -> LakePath {
    LakePath::parse(text).unwrap()
}

async fn within_deadline<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    let answer = tokio::time::timeout(DEADLINE, call).await;
    answer.expect("the call had no limit")
}

/// Every kind of call.
async fn calls(lake: &Lake, file: &LakePath) -> Vec<LakeError> {
    let to = path("/tmp/elsewhere");
    let mut errors = Vec::new();
    errors.extend(within_deadline(lake.list(&path("/tmp"))).await.err());
    errors.extend(within_deadline(lake.stat(file)).await.err());
    errors.extend(within_deadline(lake.read(file)).await.err());
    errors.extend(
        within_deadline(lake.create(&path("/tmp/new"), Create::Exclusive))
            .await
            .err(),
    );
    errors.extend(within_deadline(lake.mkdirs(&path("/tmp/d"))).await.err());
    errors.extend(within_deadline(lake.rename(file, &to)).await.err());
    errors.extend(
        within_deadline(lake.delete(file, Recursive::No))
            .await
            .err(),
    );
    errors.extend(within_deadline(lake.recover_lease(file)).await.err());
    errors
}

#[tokio::test(flavor = "multi_thread")]
async fn permission_denied_names_the_path_and_the_cure() {
    let cluster = cluster().await;
    let lake = cluster.lake(Some("nobody"), LIMIT);
    let file = path("/user/sqoop/not-ours");
    for denied in [
        lake.create(&file, Create::Exclusive).await.map(drop),
        lake.mkdirs(&file).await,
        lake.delete(&path("/user/sqoop"), Recursive::Yes)
            .await
            .map(drop),
    ] {
        let error = denied.unwrap_err();
        assert!(
            matches!(error, LakeError::PermissionDenied { .. }),
            "{error}"
        );
        assert_eq!(error.retry(), Retry::CanNot);
        let said = error.to_string();
        assert!(
            said.contains("/user/sqoop") && said.contains("nobody"),
            "{said}"
        );
        assert!(
            said.contains("hint: check its owner") && !said.contains("\tat "),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn safe_mode_refuses_changes_and_says_that_a_retry_can_help() {
    let cluster = cluster().await;
    let lake = cluster.lake(None, LIMIT);
    let file = path("/tmp/safe-mode");
    lake.delete(&file, Recursive::No).await.unwrap();
    cluster.safe_mode("enter");
    for refused in [
        lake.create(&file, Create::Exclusive).await.map(drop),
        lake.mkdirs(&file).await,
        lake.delete(&path("/tmp"), Recursive::Yes).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, LakeError::SafeMode { .. }), "{error}");
        assert_eq!(error.retry(), Retry::CanHelp);
    }
    assert_eq!(lake.stat(&file).await.unwrap(), None);
    cluster.safe_mode("leave");
    lake.mkdirs(&file).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namenode_that_is_down_is_unavailable_and_comes_back() {
    let cluster = cluster().await;
    let lake = cluster.lake(None, LIMIT);
    let file = path("/tmp/namenode-down");
    let mut writer = lake.create(&file, Create::Overwrite).await.unwrap();
    writer.write(Bytes::from_static(b"kept")).await.unwrap();
    writer.close().await.unwrap();

    cluster.kill("namenode").await;
    let errors = calls(&lake, &file).await;
    assert_eq!(errors.len(), 8, "{errors:?}");
    for error in &errors {
        assert!(
            matches!(
                error,
                LakeError::Unavailable { .. } | LakeError::ConnectionLost { .. }
            ),
            "{error}"
        );
    }
    let last = errors.last().unwrap();
    assert_eq!(last.retry(), Retry::CanHelp, "{last}");

    cluster.repair();
    assert_eq!(lake.stat(&file).await.unwrap().unwrap().length, 4);
    // Readable as soon as the `DataNode` has reported its blocks to the new `NameNode`.
    let readable = async {
        loop {
            match lake.read(&file).await {
                Ok(content) => return Ok(content),
                Err(error) => assert_eq!(error.retry(), Retry::CanHelp, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert_eq!(within_deadline(readable).await.unwrap(), "kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namenode_that_hangs_leaves_the_outcome_unknown_at_the_limit() {
    let cluster = cluster().await;
    let lake = cluster.lake(None, Duration::from_secs(1));
    let file = path("/tmp/namenode-hung");
    lake.delete(&file, Recursive::Yes).await.unwrap();
    lake.mkdirs(&file).await.unwrap();

    cluster.signal("namenode", Signal::STOP);
    let errors = calls(&lake, &file).await;
    cluster.signal("namenode", Signal::CONT);
    assert_eq!(errors.len(), 8, "{errors:?}");
    for error in &errors {
        assert!(matches!(error, LakeError::TimedOut { .. }), "{error}");
        assert_eq!(error.retry(), Retry::Unknown);
    }
    assert!(
        errors[1].to_string().contains("stat of /tmp/namenode-hung"),
        "{}",
        errors[1]
    );
    let works_again = async {
        while lake.list(&path("/tmp")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    };
    within_deadline(works_again).await.unwrap();
}
