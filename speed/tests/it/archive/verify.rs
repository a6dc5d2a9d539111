//! Damage to the archive is found and named.

use super::shore::Shore;
use crate::views::till::Till;
use crate::views::world::Kind;
use std::path::{Path, PathBuf};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_doubled_is_named() {
    Shore::with(Kind::JsonlSqlite, async |shore: &Shore<'_>| {
        let mut till = Till::new(shore.world.partitions);
        shore.world.send(&till.mixed(200)).await;
        let sink = shore.sink().await;
        shore.archived(200).await;
        sink.stop().await;
        let views = shore.world.sink().await;
        shore.world.assert_counted(&till.sent).await;
        views.stop().await;
        let (code, said) = ask(shore, &["archive", "verify"]);
        assert_eq!(code, 0, "{said}");
        assert!(said.ends_with(": 0 faults\n"), "{said}");
        let (code, said) = ask(shore, &["reconcile"]);
        assert_eq!(code, 0, "{said}");

        let file = data_file(&shore.local_directory());
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        for command in [&["archive", "verify", "--files"][..], &["reconcile"]] {
            let (code, said) = ask(shore, command);
            assert_eq!(code, 1, "{said}");
            let named = format!("{name} has {} bytes, not {}", whole.len() - 1, whole.len());
            assert!(said.contains(&named), "{said}");
        }
        std::fs::remove_file(&file).unwrap();
        let (code, said) = ask(shore, &["reconcile"]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("1 difference\narchive_file: "), "{said}");
        assert!(said.contains(&format!("{name} is gone")), "{said}");

        // Coverage that the archive does not reach.
        std::fs::write(&file, &whole).unwrap();
        assert_eq!(ask(shore, &["reconcile"]).0, 0);
        std::fs::remove_dir_all(shore.local_directory().join("_delta_log")).unwrap();
        let (code, said) = ask(shore, &["archive", "verify"]);
        assert_eq!(code, 1, "{said}");
    })
    .await;
}

/// The program's exit code, and what it says on stdout.
fn ask(shore: &Shore<'_>, arguments: &[&str]) -> (i32, String) {
    let output = shore.command(arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), said)
}

fn data_file(directory: &Path) -> PathBuf {
    let days = std::fs::read_dir(directory).unwrap();
    let mut files = days
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.ends_with("_delta_log"))
        .flat_map(|day| std::fs::read_dir(day).unwrap())
        .map(|entry| entry.unwrap().path());
    files.next().unwrap()
}
