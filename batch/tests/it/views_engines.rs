//! The shipped queries on another engine, row by row: Sail, over the same files.

use crate::live_shop::Shop;
use crate::world::{Kind, World};
use jiff::SignedDuration;
use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const TODAY: SignedDuration = SignedDuration::ZERO;
const THREE_DAYS: SignedDuration = SignedDuration::from_hours(72);

/// The live run's queries are views as well, of nobody's.
const LIVE: [&str; 3] = ["minutes", "subjects", "buyers"];

/// What is set aside, and counted, is computed like anything else.
const RULES: &str = r#"
[[event]]
name = "known products"
check = "reference"
column = "product_id"
references = "products.product_id"
action = "quarantine"

[[event]]
name = "sane amounts"
check = "range"
column = "amount"
min = 20
max = 11000
action = "warn"
"#;

/// It says what is true at the moment it is computed.
const COMPUTED: &str = "event_alarms";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where `compose/test services` puts Sail and its client.
fn python() -> PathBuf {
    let named = std::env::var_os("COMPTOIR_TEST_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| here("../target/tools/engines/bin/python3"));
    assert!(
        python.exists(),
        "{} is missing\nhint: compose/test services installs Sail there",
        python.display()
    );
    python
}

fn compare(plan: &str) -> Output {
    let mut engine = Command::new(python())
        .arg(here("engines/views.py"))
        .args(["--sail", "--compare"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = engine.stdin.take().unwrap();
    input.write_all(plan.as_bytes()).unwrap();
    drop(input);
    engine.wait_with_output().unwrap()
}

async fn sail_computes_the_same_rows(world: &World) {
    let mut shop = Shop::open(world).await;
    world.write_views_settings("wait_s = 1\nquality_file = \"quality.toml\"\n");
    let rules = world.directory.path().join("quality.toml");
    std::fs::write(rules, RULES).unwrap();
    for age in [TODAY, THREE_DAYS] {
        shop.sell(200, age);
    }
    shop.count().await;
    shop.keep_all().await;
    world.import_the_sample(&["--as-parquetfile"]);
    let products = "product_id,brand,product_line\r\np-1,\"Ha, \"\"ha\"\"\",Tea\r\np-2,B,\r\n";
    world.give("reference/products/one.csv", products).await;
    for name in LIVE {
        let sql = std::fs::read_to_string(here(&format!("views/live/{name}.sql"))).unwrap();
        let head = "-- description: Of the live run\n-- source events: archive events\n\n";
        world.write_view(&format!("live_{name}"), &format!("{head}{sql}"));
    }
    world.batch_well(&["views", "run"]);
    // Tables that are replaced day by day are read as well.
    shop.sell(50, THREE_DAYS);
    shop.count().await;
    shop.keep_all().await;
    world.batch_well(&["views", "run"]);
    let plan = world.batch_well(&["views", "plan", "--json"]);
    let planned = plan.json();
    let shipped = std::fs::read_dir(here("views")).unwrap();
    let shipped = shipped.filter(|file| {
        let path = file.as_ref().unwrap().path();
        path.extension().is_some_and(|extension| extension == "sql")
    });
    assert_eq!(planned.len(), shipped.count() + LIVE.len());

    let told = compare(&plan.stdout);
    let (out, err) = (
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr),
    );
    assert!(told.status.success(), "{out}\n{err}");
    for view in &planned {
        let name = view["view"].as_str().unwrap();
        if name == COMPUTED {
            assert!(out.contains("event_alarms: left out"), "{out}");
            continue;
        }
        let line = out
            .lines()
            .find(|line| line.starts_with(&format!("{name}: ")));
        let line = line.unwrap_or_else(|| panic!("{name} was not computed:\n{out}\n{err}"));
        assert!(line.ends_with(" rows, each as published"), "{line}");
        assert!(!line.contains(": 0 rows"), "{line}");
    }

    a_difference_is_named(planned);
}

/// A query that counts other lines is not what was published.
fn a_difference_is_named(planned: Vec<Value>) {
    let mut view = (planned.into_iter())
        .find(|view| view["view"] == "baskets")
        .unwrap();
    let query = view["query"]
        .as_str()
        .unwrap()
        .replace("'Cancelled'", "'Shipped'");
    view["query"] = query.into();
    let told = compare(&view.to_string());
    let err = String::from_utf8_lossy(&told.stderr);
    assert_eq!(told.status.code(), Some(1), "{err}");
    assert!(err.contains("baskets: "), "{err}");
    assert!(
        err.contains("rows of the published result are not computed"),
        "{err}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sail_agrees_on_sqlite_and_a_directory() {
    World::with(Kind::Sqlite, sail_computes_the_same_rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sail_agrees_on_mariadb_and_hdfs() {
    World::with(Kind::MariaDb, sail_computes_the_same_rows).await;
}
