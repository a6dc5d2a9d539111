use super::*;
use crate::cli::{Cli, Command};
use crate::import::Existing;
use clap::Parser;
use comptoir_config::{Settings, Sources};

fn composed(line: &[&str]) -> Result<Composed, UsageError> {
    let line = ["comptoir-batch", "import"].iter().chain(line);
    let Command::Import(args) = Cli::try_parse_from(line).unwrap().command else {
        panic!("an import was asked for");
    };
    let settings = Settings::load(&Sources::default()).unwrap();
    let url = args.database.connect.as_deref().unwrap_or("mysql://h/erp");
    let facts = Facts {
        settings: &settings.import,
        url: &url.parse().unwrap(),
        user: "etl",
        arguments: Vec::new(),
    };
    compose(&args, facts)
}

fn request(line: &[&str]) -> ImportRequest {
    composed(line).unwrap().request
}

#[test]
fn without_a_source_the_shipped_job_runs() {
    let request = request(&["--snapshot", "off"]);
    assert_eq!(request.existing, Existing::ReplaceOurs);
    assert_eq!(
        request.format,
        comptoir_model::text_format::TextFormat::lossless()
    );
}

#[test]
fn a_table_goes_where_sqoop_puts_it() {
    for (line, target) in [
        (&["--table", "t"][..], "/user/etl/t"),
        (&["--table", "t", "--warehouse-dir", "/w"], "/w/t"),
        (&["--table", "t", "--target-dir", "x/y"], "/user/etl/x/y"),
        (&["--table", "t", "--target-dir", "hdfs://nn/x"], "/x"),
    ] {
        assert_eq!(request(line).target.as_str(), target);
    }
}

#[test]
fn a_target_is_replaced_only_if_that_was_said() {
    assert_eq!(request(&["--table", "t"]).existing, Existing::Refuse);
    let replacing = request(&["--table", "t", "--delete-target-dir"]);
    assert_eq!(replacing.existing, Existing::ReplaceAll);
    assert_eq!(
        request(&["--table", "t", "--append"]).existing,
        Existing::Append
    );
    for (mode, more, existing) in [
        ("append", &[][..], Existing::Append),
        ("lastmodified", &["--append"], Existing::Append),
        (
            "lastmodified",
            &["--merge-key", "id"],
            Existing::MergeBy("id".to_owned()),
        ),
        ("lastmodified", &[], Existing::Refuse),
    ] {
        let line = ["--table", "t", "--check-column", "c", "--incremental", mode];
        assert_eq!(
            request(&[&line, more].concat()).existing,
            existing,
            "{mode} {more:?}"
        );
    }
}

#[test]
fn what_can_not_be_meant_is_named_with_its_cure() {
    for (line, part) in [
        (&["--target-dir", "/t"][..], "neither --table nor --query"),
        (
            &["--table", "t", "--query", "SELECT 1 WHERE $CONDITIONS"],
            "--query and --table",
        ),
        (
            &["--query", "SELECT 1", "--target-dir", "/t"],
            "`$CONDITIONS`",
        ),
        (
            &["--query", "SELECT 1 WHERE $CONDITIONS", "-m", "1"],
            "--query needs --target-dir",
        ),
        (
            &[
                "--query",
                "SELECT 1 WHERE $CONDITIONS",
                "-m",
                "4",
                "--target-dir",
                "/t",
            ],
            "--query needs --split-by",
        ),
        (
            &[
                "--table",
                "t",
                "--target-dir",
                "/t",
                "--warehouse-dir",
                "/w",
            ],
            "--target-dir and --warehouse-dir",
        ),
        (
            &["--table", "t", "--append", "--delete-target-dir"],
            "--append and --delete-target-dir",
        ),
        (
            &["--table", "t", "--incremental", "append"],
            "--check-column",
        ),
        (
            &[
                "--table",
                "t",
                "--incremental",
                "often",
                "--check-column",
                "c",
            ],
            "--incremental often is not known",
        ),
        (
            &["--table", "t", "--last-value", "7"],
            "--last-value needs --incremental",
        ),
        (
            &[
                "--table",
                "t",
                "--merge-key",
                "id",
                "--incremental",
                "append",
                "--check-column",
                "c",
            ],
            "--merge-key needs --incremental lastmodified",
        ),
        (
            &[
                "--table",
                "t",
                "--merge-key",
                "id",
                "--append",
                "--incremental",
                "lastmodified",
                "--check-column",
                "c",
            ],
            "--append and --merge-key",
        ),
        (
            &[
                "--table",
                "t",
                "--delete-target-dir",
                "--incremental",
                "append",
                "--check-column",
                "c",
            ],
            "--incremental and --delete-target-dir",
        ),
        (
            &["--table", "t", "--as-sequencefile"],
            "--as-sequencefile can't be honoured",
        ),
        (&["--table", "t", "-m", "1001"], "at most 1000"),
        (&["--table", "t", "-Dfrobnicate=1"], "-D frobnicate"),
        (
            &["--table", "t", "--map-column-java", "x"],
            "--map-column-java `x`",
        ),
        (
            &["--table", "t", "--sqoop-compat", "--null-string", "\\N"],
            "no escape `\\N`",
        ),
        (
            &["--table", "t", "--target-dir", "/a:b"],
            "the target directory",
        ),
    ] {
        let error = composed(line).unwrap_err().to_string();
        assert!(error.contains(part), "{line:?}: {error}");
    }
}

#[test]
fn flags_without_effect_are_said_to_have_none() {
    let composed = composed(&[
        "--table",
        "t",
        "--outdir",
        "/tmp",
        "-m",
        "0",
        "-Dmapreduce.job.name=x",
    ]);
    let Composed { request, notices } = composed.unwrap();
    assert_eq!(notices.len(), 3, "{notices:?}");
    assert_eq!(request.mappers.get(), 4);
}

#[test]
fn the_url_says_how_values_are_read() {
    let request = request(&[
        "--table",
        "t",
        "--connect",
        "jdbc:mysql://h/erp?tinyInt1isBit=false",
    ]);
    assert_eq!(
        request.rendering.tiny_int_1,
        super::super::columns::TinyInt1::Number
    );
}

#[test]
fn columns_are_split_at_commas() {
    let request = request(&["--table", "t", "--columns", "a, `b`"]);
    let Selection::Table { columns, .. } = request.selection else {
        panic!("a table was named");
    };
    assert_eq!(columns.unwrap(), ["a", "b"]);
}
