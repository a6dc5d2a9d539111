//! Rules for live events, held against sales of which some are bad, and against what is computed here.

use crate::live_shop::{Sale, Shop};
use crate::views_support::Rows;
use crate::world::{Kind, World};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const TODAY: SignedDuration = SignedDuration::ZERO;
const THREE_DAYS: SignedDuration = SignedDuration::from_hours(72);
const LONG_AGO: SignedDuration = SignedDuration::from_hours(24 * 20);

const RULES: &str = r#"
[[event]]
name = "sane amounts"
check = "range"
column = "amount"
min = 100.50
max = 11000
action = "quarantine"

[[event]]
name = "known customers"
check = "reference"
column = "customer_id"
references = "customers.customer_id"
action = "quarantine"

[[event]]
name = "no 'shouting'"
check = "set"
column = "city"
values = ["Nantes", "L'Île"]
action = "warn"

[[event]]
name = "somebody"
check = "not-null"
column = "customer_id"
action = "warn"

[[event]]
name = "fresh"
check = "freshness"
max_age = "3h10m"
action = "warn"

[[event]]
name = "as last week"
check = "volume"
min_percent = 50
action = "warn"
"#;

/// The last customers are in no reference.
const KNOWN: u64 = 17;

const SILVER: [&str; 8] = [
    "views",
    "run",
    "live",
    "silver_transactions",
    "silver_quarantine",
    "event_checks",
    "event_rules",
    "--json",
];

/// The rules of each event that it breaks, those that set it aside first.
fn broken(sale: &Sale) -> Vec<&'static str> {
    let mut broken = Vec::new();
    if !(10_050..=1_100_000).contains(&sale.cents) {
        broken.push("sane amounts");
    }
    if sale.customer.is_some_and(|customer| customer >= KNOWN) {
        broken.push("known customers");
    }
    if sale.city == "NANTES" {
        broken.push("no 'shouting'");
    }
    if sale.customer.is_none() {
        broken.push("somebody");
    }
    broken
}

fn set_aside(sale: &Sale) -> Option<&'static str> {
    let first = broken(sale).into_iter().next()?;
    ["sane amounts", "known customers"]
        .contains(&first)
        .then_some(first)
}

fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).date().to_string()
}

/// Of each day and rule: events, and how many break it.
fn expected_checks(shop: &Shop) -> BTreeMap<(String, String), (u64, u64)> {
    let rules = [
        "sane amounts",
        "known customers",
        "no 'shouting'",
        "somebody",
    ];
    let mut counts = BTreeMap::new();
    for sale in shop.accepted() {
        for rule in rules {
            let key = (day(sale.time), rule.to_owned());
            let (events, failed): &mut (u64, u64) = counts.entry(key).or_default();
            *events += 1;
            *failed += u64::from(broken(sale).contains(&rule));
        }
    }
    counts
}

fn checks(rows: &[Map<String, Value>], day: &str) -> BTreeMap<(String, String), (u64, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| value.as_u64().unwrap();
    let of = rows.iter().map(|row| {
        let quarantines =
            ["sane amounts", "known customers"].contains(&text(&row["rule"]).as_str());
        let action = if quarantines { "quarantine" } else { "warn" };
        assert_eq!(row["action"], action);
        let key = (text(&row[day]), text(&row["rule"]));
        (key, (number(&row["events"]), number(&row["failed"])))
    });
    let of: BTreeMap<_, _> = of.collect();
    assert_eq!(of.len(), rows.len(), "a rule stands there twice");
    of
}

/// All rows of both tables, and that they are the right ones.
fn assert_split(world: &World, shop: &Shop) -> [Vec<String>; 2] {
    let good = world.lake_rows("silver_transactions", "record_offset");
    let bad = world.lake_rows("silver_quarantine", "record_offset");
    let texts = |rows: &Rows, more: &[&str]| {
        let columns = ["event_time", "amount", "customer_id", "city"];
        let texts = rows.iter().map(|row| {
            let mut cells: Vec<_> = columns.iter().map(|column| row[*column].clone()).collect();
            let time: Timestamp = row["event_time"].as_str().unwrap().parse().unwrap();
            cells[0] = time.as_microsecond().into();
            cells.extend(more.iter().map(|column| row[*column].clone()));
            json!(cells).to_string()
        });
        sorted(texts)
    };
    let expected = |is_bad: bool| {
        let of = |sale: &&Sale| set_aside(sale).is_some() == is_bad;
        sorted(shop.accepted().filter(of).map(|sale| {
            let amount = format!("{}.{:02}", sale.cents / 100, sale.cents % 100);
            let customer = sale.customer.map(|id| format!("c-{id}"));
            let mut cells = vec![
                json!(sale.time.as_microsecond()),
                json!(amount),
                json!(customer),
                json!(sale.city),
            ];
            cells.extend(set_aside(sale).map(Value::from));
            json!(cells).to_string()
        }))
    };
    assert_eq!(texts(&good, &[]), expected(false));
    assert_eq!(texts(&bad, &["rule"]), expected(true));
    assert!(!bad.is_empty() && !good.is_empty());
    [good, bad].map(|rows| sorted(rows.iter().map(|row| json!(row).to_string())))
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<_> = texts.collect();
    texts.sort();
    texts
}

fn of<'a>(run: &'a [Value], view: &str) -> &'a Value {
    let found = run.iter().find(|line| line["view"] == view);
    found.unwrap_or_else(|| panic!("{view}: {run:?}"))
}

async fn bad_events_are_counted_by_rule_and_set_aside_and_live_figures_stay(world: &World) {
    let mut shop = Shop::open(world).await;
    world.write_views_settings("wait_s = 1\nquality_file = \"quality.toml\"\n");
    write_rules(world, RULES);
    for age in [TODAY, THREE_DAYS] {
        shop.sell(150, age);
    }
    shop.count().await;
    shop.keep_all().await;

    // A rule that asks what nobody gave does not empty the table.
    let asked = world.batch(&["views", "run", "live", "silver_transactions"]);
    assert_eq!(asked.code, 1);
    let place = "quality.toml:10: `known customers` asks a reference";
    assert!(asked.stderr.contains(place), "{}", asked.stderr);
    let known: Vec<_> = (0..KNOWN)
        .map(|id| format!("c-{id},Ann,France,new\n"))
        .collect();
    let known = known.concat();
    let customers = format!("customer_id,customer_name,country,segment\n{known}");
    world.give("reference/customers/c.csv", &customers).await;

    let run = world.batch_well(&SILVER).json();
    assert!(of(&run, "event_checks")["days"].is_null(), "{run:?}");
    assert_split(world, &shop);
    let expected = expected_checks(&shop);
    let found = checks(&world.lake_rows("event_checks", "rule"), "day");
    assert_eq!(found, expected);
    assert_eq!(
        checks(&world.view_rows("event_rules").await, "event_day"),
        expected
    );
    let told = of(&run, "event_checks")["broken"].as_array().unwrap();
    let shouting = told.iter().find(|one| one["rule"] == "no 'shouting'");
    let loud = shop.accepted().filter(|sale| sale.city == "NANTES").count();
    assert_eq!(shouting.unwrap()["count"], loud);
    let served = shop.served().await;
    assert_eq!(served, shop.expected(), "live figures know no rules");

    // A day that is over gets more events: only it is computed, as everything would be.
    shop.sell(60, LONG_AGO);
    shop.count().await;
    shop.keep_all().await;
    let run = world.batch_well(&SILVER).json();
    let days = of(&run, "event_checks")["days"].as_u64().unwrap();
    assert!((1..=2).contains(&days), "{run:?}");
    for view in ["silver_transactions", "silver_quarantine"] {
        assert_eq!(of(&run, view)["days"], days, "{run:?}");
    }
    let by_days = assert_split(world, &shop);
    let same = ["views", "run", "silver_transactions", "--if-changed"];
    assert!(world.batch_well(&same).stdout.is_empty());
    let checked = checks(&world.lake_rows("event_checks", "rule"), "day");
    assert_eq!(checked, expected_checks(&shop));
    world.batch_well(&[&SILVER[..], &["--full"]].concat());
    assert_eq!(assert_split(world, &shop), by_days);
    assert_eq!(
        checks(&world.lake_rows("event_checks", "rule"), "day"),
        checked
    );

    // Other rules are another run: all days are computed anew, and nothing is set aside.
    write_rules(world, &RULES.replace("\"quarantine\"", "\"warn\""));
    let run = world.batch_well(&SILVER).json();
    assert!(of(&run, "silver_transactions")["days"].is_null(), "{run:?}");
    assert_eq!(of(&run, "silver_quarantine")["rows"], 0);
    assert_eq!(of(&run, "silver_transactions")["rows"], shop.verdicts()[0]);
}

fn write_rules(world: &World, rules: &str) {
    std::fs::write(world.directory.path().join("quality.toml"), rules).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn event_rules_are_right_on_sqlite_and_a_directory() {
    World::with(
        Kind::Sqlite,
        bad_events_are_counted_by_rule_and_set_aside_and_live_figures_stay,
    )
    .await;
}

/// Yesterday sold less than half of what the same weekday before did, and nothing came lately.
#[tokio::test(flavor = "multi_thread")]
async fn silence_and_a_weak_day_are_told() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        let run = ["views", "run", "live", "event_alarms", "--json"];
        // Without rules there is nothing, and a run of all views does not miss it.
        shop.sell(15, SignedDuration::from_hours(4));
        shop.count().await;
        shop.keep_all().await;
        let all = world.batch_well(&["views", "run", "--json"]).json();
        assert!(all.iter().any(|line| line["view"] == "silver_transactions"));
        for view in [
            "silver_quarantine",
            "event_checks",
            "event_rules",
            "event_alarms",
        ] {
            assert!(all.iter().all(|line| line["view"] != view), "{all:?}");
        }
        world.write_views_settings("wait_s = 1\nquality_file = \"quality.toml\"\n");
        write_rules(world, RULES);
        let told = world.batch_well(&run).json();
        assert_eq!(broken_of(&told), ["fresh"], "{told:?}");
        let rows = world.view_rows("event_alarms").await;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0]["rule"], "as last week");
        assert_eq!(rows[0]["expected"], Value::Null);

        // The day of yesterday's noon a week ago.
        let now = shop.now;
        let midnight = now.to_zoned(TimeZone::UTC).start_of_day().unwrap();
        let since = now.duration_since(midnight.timestamp());
        let week_ago = since + SignedDuration::from_hours(7 * 24 + 12);
        shop.sell(100, week_ago);
        shop.sell(12, TODAY);
        shop.count().await;
        shop.keep_all().await;
        let told = world.batch_well(&run).json();
        assert_eq!(broken_of(&told), ["as last week"], "{told:?}");
        let rows = world.view_rows("event_alarms").await;
        let (few, many) = (rows[0]["events"].as_u64(), rows[0]["expected"].as_u64());
        assert!(few.unwrap() * 2 < many.unwrap(), "{rows:?}");
        let ls = world.batch_well(&["views", "ls"]).stdout;
        assert!(ls.contains("broken: as last week (1)"), "{ls}");
        // Nothing has changed.
        let again = ["views", "run", "event_alarms", "--if-changed", "--json"];
        assert!(world.batch_well(&again).stdout.is_empty());
    })
    .await;
}

fn broken_of(run: &[Value]) -> Vec<&str> {
    let broken = of(run, "event_alarms")["broken"].as_array().unwrap();
    let rules = broken.iter().map(|one| one["rule"].as_str().unwrap());
    rules.collect()
}
