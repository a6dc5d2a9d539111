//! The program as cron runs it: exit codes, what it prints, what it keeps.

use crate::world::{Kind, World, on_every_database};
use comptoir_model::text_format::TextFormat;
use std::process::{Command, Output};

on_every_database! {
    one_line_for_the_mail_and_no_secret_anywhere
    the_shipped_job_takes_everything_from_the_settings
}

fn output(command: &mut Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn import(world: &World, more: &[&str]) -> (i32, String, String) {
    let flags = world.flags();
    let mut arguments = vec!["import"];
    arguments.extend(flags.iter().map(String::as_str));
    arguments.extend(more);
    output(&mut world.program(&arguments))
}

async fn one_line_for_the_mail_and_no_secret_anywhere(world: &World) {
    world.numbered_table(1234).await;
    let (code, stdout, stderr) = import(world, &["--table", "t", "-m", "4"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stderr}");
    let (manifest, _) = world.published().await;
    let location = world.lake.url_of(&world.target);
    let bytes = manifest.bytes();
    let (thousands, rest) = (bytes / 1000, bytes % 1000);
    assert_eq!(
        stdout,
        format!(
            "imported 1,234 rows, {thousands},{rest:03} bytes in 4 parts to {location} (run {})\n",
            manifest.run
        )
    );
    assert_eq!(manifest.format, TextFormat::sqoop_default());
    assert!(
        manifest.arguments.contains(&"--table".to_owned()),
        "{:?}",
        manifest.arguments
    );
    if let Some(file) = &world.password_file {
        let password = std::fs::read_to_string(file).unwrap();
        let path = world.target.join("_manifest-1").unwrap();
        let kept = String::from_utf8(world.lake.read(&path).await.unwrap().to_vec()).unwrap();
        assert!(!kept.contains(password.trim_end()));
    }
}

async fn the_shipped_job_takes_everything_from_the_settings(world: &World) {
    world.numbered_table(9).await;
    let mut settings = format!(
        "[erp]\nurl = \"{}\"\n[lake]\nurl = \"{}\"\n[import]\ntable = \"t\"\nmappers = 3\ntarget_dir = \"{}\"\n",
        world.source.url, world.lake_url, world.target
    );
    if let Some(file) = &world.password_file {
        let login = format!(
            "url = \"{}\"\nusername = \"comptoir\"\npassword_file = \"{}\"",
            world.source.url,
            file.display()
        );
        settings = settings.replace(&format!("url = \"{}\"", world.source.url), &login);
    }
    std::fs::write(world.directory.path().join("comptoir.toml"), settings).unwrap();
    let (code, _, stderr) = output(&mut world.program(&["import"]));
    assert_eq!(code, 0, "{stderr}");
    let (manifest, parts) = world.published().await;
    assert_eq!((parts.len(), parts.concat().len()), (3, 9));
    assert_eq!(manifest.format, TextFormat::lossless());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_command_line_touches_nothing() {
    World::with(Kind::Sqlite, async |world: &World| {
        for (arguments, part) in [
            (vec!["--table", "t", "-m", "1001"], "--num-mappers"),
            (
                vec!["--table", "t", "--escaped-by", "\\r\\n"],
                "--escaped-by `\\r\\n`",
            ),
            (vec!["--escaped-by", "\\"], "--table"),
            (vec!["--table", "t", "--hbase-table", "t"], "--hbase-table"),
            (vec!["--table", "t", "--frobnicate"], "--frobnicate"),
        ] {
            let (code, stdout, stderr) = import(world, &arguments);
            assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
            assert!(stderr.contains(part), "{arguments:?}: {stderr}");
        }
        assert!(!world.directory.path().join("lake").exists());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_the_source_from_the_lake() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.numbered_table(3).await;
        let (code, _, stderr) = import(world, &["--table", "missing", "-m", "1"]);
        assert_eq!(code, 1, "{stderr}");
        assert!(stderr.contains("did you mean `t`?"), "{stderr}");

        let port = free_port();
        let source = format!("--connect=mysql://127.0.0.1:{port}/erp");
        let (code, _, stderr) =
            output(&mut world.program(&["import", &source, "--lake=file:///tmp/unused"]));
        assert_eq!(code, 6, "{stderr}");
        assert!(stderr.contains(&format!("127.0.0.1:{port}")), "{stderr}");

        let erp = format!("--connect={}", world.source.url);
        let lake = format!("--lake=hdfs://127.0.0.1:{port}");
        let (code, _, stderr) = output(&mut world.program(&[
            "import",
            &erp,
            &lake,
            "--table=t",
            "-m1",
            "--target-dir=/t",
        ]));
        assert_eq!(code, 7, "{stderr}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_another_user_is_refused() {
    World::with(Kind::MariaDb, async |world: &World| {
        world.numbered_table(3).await;
        world.import(&world.request("t", 1)).await.unwrap();
        let flags = world.flags();
        let mut arguments = vec!["import", "--table=t", "-m1", "--delete-target-dir"];
        arguments.extend(flags.iter().map(String::as_str));
        let (code, _, stderr) =
            output(world.program(&arguments).env("HADOOP_USER_NAME", "mallory"));
        assert_eq!(code, 1, "{stderr}");
        assert!(
            stderr.contains("permission denied") && stderr.contains("hint:"),
            "{stderr}"
        );
        assert_eq!(world.rows().await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn help_shows_examples_and_exit_codes() {
    World::with(Kind::Sqlite, async |world: &World| {
        let (code, stdout, _) = output(&mut world.program(&["import", "--help"]));
        assert_eq!(code, 0);
        for part in [
            "Examples:",
            "--password-file",
            "--options-file",
            "--split-by",
            "snapshot",
            "Exit codes:",
        ] {
            assert!(stdout.contains(part), "{part}: {stdout}");
        }
        let (_, stdout, _) = output(&mut world.program(&["--help"]));
        assert!(stdout.contains("Exit codes:"), "{stdout}");
    })
    .await;
}

/// Nobody listens there when it returns.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
