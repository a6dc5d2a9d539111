//! `comptoir-speed topic`.

use super::world::{Kind, World};
use std::process::{Command, Output};

fn topic(world: &World, action: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_comptoir-speed"))
        .arg("topic")
        .args(action)
        .args(["--transport", &world.settings.url.to_string()])
        .args(["--topic", &world.settings.topic])
        .current_dir(directory.path())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_created_and_described() {
    for kind in Kind::ALL {
        let world = World::empty(kind);
        let missing = topic(&world, &["describe"]);
        assert_eq!(missing.status.code(), Some(1), "{kind:?}");
        let said = String::from_utf8(missing.stderr).unwrap();
        assert!(said.contains("hint: comptoir-speed topic create"), "{said}");
        let created = topic(&world, &["create", "--partitions", "2"]);
        assert!(created.status.success(), "{kind:?}: {created:?}");
        world.send(&["a"]).await;
        let described = topic(&world, &["describe"]);
        let text = String::from_utf8(described.stdout).unwrap();
        let stream = world.transport.stream().await.unwrap();
        assert!(text.contains(&stream.id.0), "{text}");
        let end = match kind {
            Kind::Kafka => "1",
            Kind::Jsonl => "28",
        };
        let first: Vec<_> = text.lines().nth(4).unwrap().split_whitespace().collect();
        assert_eq!(first[first.len() - 2..], ["0", end], "{text}");
        let again = topic(&world, &["create", "--partitions", "9"]);
        assert_eq!(String::from_utf8(again.stdout).unwrap(), text, "{kind:?}");
        world.delete_topic().await;
    }
}
