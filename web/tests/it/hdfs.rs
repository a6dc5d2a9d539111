//! The same on real HDFS.

use crate::sales::{SHOP, at_two_decimals, figures};
use crate::support::{Import, SUMMARY, TestServer, options};
use comptoir_config::clock;
use comptoir_lake::{Lake, LakePath, Recursive};
use serde_json::json;
use std::path::PathBuf;

/// The lake of the services that `compose/services up` started.
pub(crate) fn lake() -> Lake {
    let env = std::env::var_os("COMPTOIR_SERVICES_ENV").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.comptoir/services/env"),
        PathBuf::from,
    );
    let missing = "this test needs HDFS\nhint: compose/services up";
    let settings = std::fs::read_to_string(env).expect(missing);
    let value = |name: &str| {
        let line = settings.lines().find_map(|line| {
            let line = line.strip_prefix("export ").unwrap_or(line);
            line.strip_prefix(name)?.strip_prefix('=')
        });
        line.expect(missing).trim_matches(['"', '\'']).to_owned()
    };
    let options = comptoir_lake::LakeOptions {
        hadoop_conf_dir: Some(value("HADOOP_CONF_DIR").into()),
        ..options()
    };
    Lake::open(&value("COMPTOIR_LAKE_URL"), options).unwrap()
}

#[tokio::test]
async fn imports_on_hdfs_are_served_and_swapped() {
    let lake = lake();
    let home = LakePath::parse(&format!("/tmp/comptoir-web-{:08x}", clock::random_u32())).unwrap();
    let target = home.join("sales").unwrap();
    let first = Import::of(&SHOP[..3]);
    first.publish_to(&lake, &target).await;
    let server = TestServer::over(&lake, target.clone()).await;
    let answer = server
        .json_when(SUMMARY, |answer| answer["lines"] == 3)
        .await;
    let location = answer["import"]["location"].as_str().unwrap();
    assert!(location.starts_with("hdfs://"), "{location}");

    let second = Import::of(&SHOP);
    second.publish_to(&lake, &target).await;
    let answer = server
        .json_when(SUMMARY, |answer| answer["import"]["run"] == second.run())
        .await;
    let mut expected = figures(&SHOP);
    expected["period"] = json!({ "first": "2023-12-01", "last": "2024-02-29" });
    let answer = at_two_decimals(answer);
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&answer[name], value, "{name}");
    }
    server.stop().await;
    assert!(lake.delete(&home, Recursive::Yes).await.unwrap());
}
