//! What the real Sqoop 1.4.7 wrote, held against what our program writes for the same arguments.
//!
//! Each case runs twice: as it is, and with `--sqoop-compat`. A difference has to be listed in
//! [`differences`], and what is listed there has to differ.

mod compare;
mod corpus;
mod differences;

use crate::world::{Kind, World};
use bytes::Bytes;
use compare::{Outcome, difference};
use comptoir_lake::{EntryKind, LakePath};
use corpus::{Case, Corpus};
use differences::WithCompat;
use futures::StreamExt;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    AsItIs,
    Compat,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sqoop_wrote_is_what_we_write() {
    run(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"),
        109,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "reads ../shared: run by compose/test reference"]
async fn the_whole_golden_reference_is_met() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden/sqoop");
    run(&corpus, 119).await;
}

async fn run(directory: &Path, cases: usize) {
    let corpus = Corpus::read(directory);
    assert_eq!(corpus.cases.len(), cases, "a case is missing");
    let as_it_is = outcomes(&corpus, Mode::AsItIs).await;
    let compat = outcomes(&corpus, Mode::Compat).await;
    let mut wrong = 0;
    for (case, (plain, compat)) in corpus.cases.iter().zip(as_it_is.into_iter().zip(compat)) {
        let (verdict, right) = verdict(case, plain, compat);
        wrong += usize::from(!right);
        let mark = if right { "ok   " } else { "WRONG" };
        say(&format!("{mark} {:30} {verdict}", case.name));
    }
    assert_eq!(wrong, 0, "cases that are not as they should be");
}

fn verdict(case: &Case, plain: Option<String>, compat: Option<String>) -> (String, bool) {
    let listed = differences::listed(&case.name);
    match (
        plain,
        compat,
        listed.map(|difference| difference.with_compat),
    ) {
        (None, None, None) => ("the same".to_owned(), true),
        (Some(_), None, Some(WithCompat::Same)) => (
            "differs as listed, the same with --sqoop-compat".to_owned(),
            true,
        ),
        (Some(_), Some(_), Some(WithCompat::Differs)) => ("differs as listed".to_owned(), true),
        (Some(plain), _, None) => (format!("differs, and is not listed: {plain}"), false),
        (None, _, Some(_)) => ("the same, and listed as different".to_owned(), false),
        (_, Some(compat), _) => (format!("differs with --sqoop-compat: {compat}"), false),
        (Some(_), None, Some(WithCompat::Differs)) => (
            "the same with --sqoop-compat, and listed as different".to_owned(),
            false,
        ),
    }
}

/// How many stories are told at once.
const AT_ONCE: usize = 4;

/// What is different in each case.
async fn outcomes(corpus: &Corpus, mode: Mode) -> Vec<Option<String>> {
    let mut differences = Vec::new();
    World::with(Kind::MariaDb, async |world: &World| {
        world.sql(&schema(&corpus.schema)).await;
        let stories = corpus
            .stories()
            .into_iter()
            .map(|story| tell(world, corpus, story, mode));
        let told = futures::stream::iter(stories).buffer_unordered(AT_ONCE);
        differences = told.concat().await;
    })
    .await;
    differences.sort_by_key(|(index, _)| *index);
    differences
        .into_iter()
        .map(|(_, difference)| difference)
        .collect()
}

/// Runs the cases of a story, one after the other.
async fn tell(
    world: &World,
    corpus: &Corpus,
    story: Vec<usize>,
    mode: Mode,
) -> Vec<(usize, Option<String>)> {
    let mut differences = Vec::new();
    for index in story {
        let case = &corpus.cases[index];
        // A story that changes tables begins with them as they were.
        if case.changes_tables() && case.name.ends_with("_1") {
            world.sql(&own_tables(&corpus.schema)).await;
        }
        if let Some(before) = &case.before {
            world.sql(before).await;
        }
        let outcome = outcome(world, case, mode).await;
        differences.push((index, difference(case, &outcome)));
    }
    differences
}

/// The tables, in the database that the world has made.
fn schema(text: &str) -> String {
    let own = |line: &&str| {
        let others = ["DROP DATABASE", "CREATE DATABASE", "USE "];
        !others.iter().any(|other| line.starts_with(other))
    };
    text.lines().filter(own).collect::<Vec<_>>().join("\n")
}

/// Those that stories change, afresh.
fn own_tables(text: &str) -> String {
    let from = text.find("CREATE TABLE inc_append").unwrap();
    let to = text.find("CREATE TABLE empty_t").unwrap();
    let drop = "DROP TABLE inc_append; DROP TABLE inc_lastmod;";
    format!("SET time_zone = '+00:00'; {drop} {}", &text[from..to])
}

async fn outcome(world: &World, case: &Case, mode: Mode) -> Outcome {
    let target = if case.name == "warehouse_dir" {
        world.root.join("wh").unwrap().join("nopk").unwrap()
    } else {
        world.root.join(case.folder()).unwrap()
    };
    let mut arguments: Vec<String> = case
        .args
        .iter()
        .map(|argument| filled(world, &target, argument))
        .collect();
    if mode == Mode::Compat && arguments[0] == "import" {
        arguments.push("--sqoop-compat".to_owned());
    }
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut program = world.program(&arguments);
    let output = program
        .env("COMPTOIR_LAKE_URL", &world.lake_url)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Outcome {
        exit_code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        files: files(world, &target).await,
    }
}

/// An argument with this world's places in it.
fn filled(world: &World, target: &LakePath, argument: &str) -> String {
    let url = world.source.url.to_string();
    let password = std::fs::read_to_string(world.password_file.as_ref().unwrap()).unwrap();
    let server = url
        .trim_start_matches("mysql://")
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    argument
        .replace("${CONNECT}", &format!("jdbc:{url}?characterEncoding=UTF-8"))
        .replace("${HOST}", &format!("jdbc:{url}"))
        .replace("${USER}", "comptoir")
        .replace("${PASSWORD}", password.trim_end())
        .replace("${DIR}", target.as_str())
        .replace("/golden/wh/warehouse_dir", &format!("{}/wh", world.root))
        .replace("127.0.0.1:3306", &server)
}

async fn files(world: &World, target: &LakePath) -> BTreeMap<String, Bytes> {
    let mut files = BTreeMap::new();
    if world.lake.stat(target).await.unwrap().is_none() {
        return files;
    }
    for entry in world.lake.list(target).await.unwrap() {
        if entry.kind == EntryKind::File {
            let bytes = world.lake.read(&entry.path).await.unwrap();
            files.insert(entry.name().to_owned(), bytes);
        }
    }
    files
}

/// A line of the table, also where the test harness keeps what passes to itself.
fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stderr();
    writeln!(out, "{line}").unwrap();
}
