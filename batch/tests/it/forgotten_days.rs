//! Days that the archive has forgotten: no figure changes, and late events still count once.

use crate::live_shop::{PARTITIONS, Sale, Shop, key};
use crate::silver::{expected_transactions, found_transactions};
use crate::world::{Kind, World, on_both};
use comptoir_bronze::{Forgot, Retention, Snapshot, Sweep, Table, Taken};
use comptoir_config::fault::KILL_AT;
use comptoir_lake::{Lake, LakeOptions, LakePath};
use comptoir_model::ids::Offset;
use comptoir_model::merge::{PartitionKey, Span as Offsets};
use comptoir_model::verdict::Reach;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

const TODAY: SignedDuration = SignedDuration::ZERO;
const LONG_AGO: SignedDuration = SignedDuration::from_hours(24 * 20);
const KEEP_DAYS: i32 = 9;

const SIGKILL: i32 = 9;

const STEPS: [&str; 3] = [
    // What may be missing is about to be known, by a version of its own.
    "delta-files-written:1",
    "archive-horizon-known",
    // What is left of the files is written anew, and the rows are about to go.
    "delta-files-written:2",
];

on_both! {
    late_events_of_forgotten_days_count_once
    no_figure_changes_whichever_step_forgetting_was_killed_behind
}

impl Shop {
    fn keeps_from(&self) -> Date {
        let today = self.now.to_zoned(TimeZone::UTC).date();
        today.saturating_sub(Span::new().days(KEEP_DAYS))
    }

    /// What the live run covers.
    async fn taken(&self) -> BTreeMap<PartitionKey, Offset> {
        let facts = self.warehouse.batch_facts().await.unwrap();
        (facts.partitions.into_iter())
            .filter_map(|(key, recorded)| Some((key, recorded.current?.end)))
            .collect()
    }

    /// The archive forgets what has been taken, all but the last three offsets.
    async fn forget(&self, taken: BTreeMap<PartitionKey, Offset>) -> Forgot {
        let retention = Retention {
            before: self.keeps_from(),
            taken: taken.into_iter().map(named).collect(),
            reach: Reach::new(3),
        };
        let forgot = self.table.forget(&retention, Sweep::Delete).await;
        forgot.unwrap()
    }

    async fn trade(&mut self, old: usize, new: usize) {
        self.sell(old, LONG_AGO);
        self.sell(new, TODAY);
        self.count().await;
        self.keep_all().await;
    }

    /// Rows of old days that the archive still has.
    async fn old_rows(&self) -> usize {
        let snapshot = Snapshot::newest(&self.table).await.unwrap().unwrap();
        let mut rows = 0;
        for number in 0..PARTITIONS {
            let all = Offsets::new(Offset(0), Offset(1 << 40)).unwrap();
            let kept = snapshot.ids(&key(number), all).await.unwrap();
            rows += (kept.iter())
                .filter(|(offset, _)| {
                    let offset = usize::try_from(offset.0).unwrap();
                    let time = self.sales[number][offset].time;
                    time.to_zoned(TimeZone::UTC).date() < self.keeps_from()
                })
                .count();
        }
        rows
    }
}

async fn late_events_of_forgotten_days_count_once(world: &World) {
    let mut shop = Shop::open(world).await;
    shop.trade(120, 60).await;
    let views = ["views", "run", "live", "silver_transactions"];
    world.batch_well(&views);
    shop.look("covered").await;
    assert_eq!(found_transactions(world), expected_transactions(&shop));
    let before = shop.old_rows().await;
    let forgot = shop.forget(shop.taken().await).await;
    assert!(forgot.rows.accepted > 50, "{forgot:?}");
    let after = shop.old_rows().await;
    assert!(after < before && after <= 9, "{before} rows, then {after}");
    shop.look("forgotten").await;

    // Late events join what the archive has no rows of any more; a day that is there is counted anew.
    for turn in ["late", "late again"] {
        shop.trade(40, 20).await;
        shop.look(&format!("{turn}, in buckets")).await;
        world.batch_well(&views);
        shop.look(turn).await;
        shop.is_covered(world).await;
        assert_eq!(found_transactions(world), expected_transactions(&shop));
        if turn == "late" {
            assert!(shop.forget(shop.taken().await).await.rows.total() > 0);
        }
    }
    // Nothing is added again, and rows of days that can't be computed again stay, whatever is asked for.
    for again in [
        &views[..],
        &["views", "run", "--full", "silver_transactions"],
    ] {
        world.batch_well(again);
        assert_eq!(found_transactions(world), expected_transactions(&shop));
    }
    let from = shop.keeps_from();
    // A view that has to count all events anew says what it can't.
    world.batch_well(&["views", "run", "event_cube"]);
    let about = world.view_result("event_cube").await.unwrap().about;
    let said = format!("The archive has forgotten events of days before {from}.");
    assert!(about.description.ends_with(&said), "{}", about.description);
}

async fn no_figure_changes_whichever_step_forgetting_was_killed_behind(world: &World) {
    let mut shop = Shop::open(world).await;
    for step in world.steps(&STEPS) {
        shop.trade(30, 5).await;
        world.batch_well(&["views", "run", "live"]);
        let taken = shop.taken().await;
        let ends: Vec<_> = (0..PARTITIONS)
            .map(|number| taken[&key(number)].0.to_string())
            .collect();
        let mut process = Command::new(std::env::current_exe().unwrap());
        let killed = process
            .args(["--exact", "forgotten_days::the_process_that_forgets"])
            .args(["--ignored", "--nocapture"])
            .env(KILL_AT, step)
            .env(LAKE, &world.lake_url)
            .env(DIRECTORY, world.bronze().as_str())
            .env(TAKEN, format!("{} {}", shop.keeps_from(), ends.join(" ")))
            .output();
        let killed = killed.unwrap();
        let said = String::from_utf8_lossy(&killed.stderr);
        assert_eq!(killed.status.signal(), Some(SIGKILL), "{step}: {said}");
        shop.look(&format!("{step} at once")).await;
        // Late events come before anybody has ended what was begun.
        shop.trade(15, 5).await;
        world.batch_well(&["views", "run", "live"]);
        shop.look(&format!("{step}, late")).await;
        let forgot = shop.forget(shop.taken().await).await;
        assert!(forgot.rows.total() > 0, "{step}");
        shop.look(step).await;
        shop.is_covered(world).await;
    }
}

/// Of each day and city, how many events, and their amounts in cents.
type ByCity = BTreeMap<(Date, String), (u64, i64)>;

fn by_city<'a>(sales: impl Iterator<Item = &'a Sale>) -> ByCity {
    let mut by_city = ByCity::new();
    for sale in sales {
        let day = sale.time.to_zoned(TimeZone::UTC).date();
        let (events, cents) = by_city.entry((day, sale.city.to_owned())).or_default();
        *events += 1;
        *cents += sale.cents;
    }
    by_city
}

fn found_by_city(world: &World, view: &str) -> ByCity {
    let rows = world.lake_rows(view, "day");
    let by_city: ByCity = (rows.iter())
        .map(|row| {
            let text = |column: &str| row[column].as_str().unwrap().to_owned();
            let cents = text("amount").replace('.', "").parse().unwrap();
            let of = (text("day").parse().unwrap(), text("city"));
            (of, (row["transactions"].as_u64().unwrap(), cents))
        })
        .collect();
    assert_eq!(by_city.len(), rows.len(), "a city stands there twice");
    by_city
}

/// A view of a row for each day and city; `line` is one more of its header.
fn city_view(line: &str) -> String {
    format!(
        "-- description: Sales.\n-- source events: archive events\n-- output: delta\n\
         -- partition by: day\n-- incremental: events\n-- served: no\n{line}\n\
         SELECT day, city, COUNT(*) AS transactions, \
         CAST(SUM(amount) AS DECIMAL(18, 2)) AS amount FROM events GROUP BY day, city"
    )
}

const DEAR: &str = r#"
[[event]]
name = "not too dear"
check = "range"
column = "amount"
max = 6000
action = "quarantine"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn late_events_are_added_up_or_it_is_said_that_they_are_missing() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        world.write_views_settings("wait_s = 1\nquality_file = \"quality.toml\"\n");
        std::fs::write(world.directory.path().join("quality.toml"), DEAR).unwrap();
        world.write_view("summed", &city_view("-- late: sum transactions, amount\n"));
        world.write_view("untold", &city_view(""));
        let views = [
            "live",
            "summed",
            "untold",
            "event_checks",
            "silver_quarantine",
        ];
        let run = [&["views", "run"][..], &views].concat();
        shop.trade(90, 30).await;
        world.batch_well(&run);
        let covered = by_city(shop.accepted());
        assert_eq!(found_by_city(world, "summed"), covered);
        assert_eq!(found_by_city(world, "untold"), covered);
        assert!(shop.forget(shop.taken().await).await.rows.accepted > 30);
        let from = shop.keeps_from();
        let is_whole = |((day, _), _): &(&(Date, String), &(u64, i64))| *day >= from;

        shop.trade(40, 10).await;
        let news = world.batch_well(&run);
        assert!(
            news.stderr.contains("untold: late events of"),
            "{}",
            news.stderr
        );
        assert!(!news.stderr.contains("summed: late"), "{}", news.stderr);
        // Everything again, then by another query: each event is there once all the same.
        let full = [&run[..], &["--full"]].concat();
        world.write_view(
            "newcomer",
            &city_view("-- late: sum transactions, amount\n"),
        );
        let with_newcomer = [&run[..], &["newcomer"]].concat();
        let other = city_view("-- late: sum transactions, amount\n\n-- as before\n");
        for (turn, run) in [&run, &full, &run, &with_newcomer].into_iter().enumerate() {
            if turn == 2 {
                world.write_view("summed", &other);
                shop.trade(20, 10).await;
            }
            world.batch_well(run);
            let all = by_city(shop.accepted());
            assert_eq!(found_by_city(world, "summed"), all, "turn {turn}");
            assert_checked(world, &shop);
            // What can't be added is missing, and what was there is not.
            let mut expected: ByCity = covered.clone();
            expected.retain(|(day, _), _| *day < from);
            let whole = all.iter().filter(is_whole);
            expected.extend(whole.map(|(of, sums)| (of.clone(), *sums)));
            assert_eq!(found_by_city(world, "untold"), expected, "turn {turn}");
        }
        let said = format!("Days before {from} are without events");
        for (view, lacks) in [("summed", false), ("untold", true), ("newcomer", true)] {
            let about = world.view_result(view).await.unwrap().about;
            assert_eq!(
                about.description.contains(&said),
                lacks,
                "{view}: {about:?}"
            );
        }
        let newcomer = found_by_city(world, "newcomer");
        let all = by_city(shop.accepted());
        assert!(
            newcomer
                .iter()
                .filter(is_whole)
                .eq(all.iter().filter(is_whole))
        );

        // Rows that stay have other columns: nothing of them is given up.
        let before = found_by_city(world, "summed");
        let renamed = other
            .replace("AS transactions", "AS sales")
            .replace("sum transactions", "sum sales");
        world.write_view("summed", &renamed);
        let refused = world.batch(&["views", "run", "summed"]);
        assert_eq!(refused.code, 1, "{}", refused.stderr);
        let named = [
            "summed.sql",
            &from.to_string(),
            "columns have changed",
            "hint: ",
        ];
        assert!(
            named.iter().all(|what| refused.stderr.contains(what)),
            "{}",
            refused.stderr
        );
        assert_eq!(found_by_city(world, "summed"), before);
    })
    .await;
}

/// A rule counts each event once, and what it sets aside stands there once.
fn assert_checked(world: &World, shop: &Shop) {
    let mut expected: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for sale in shop.accepted() {
        let day = sale.time.to_zoned(TimeZone::UTC).date().to_string();
        let (events, failed) = expected.entry(day).or_default();
        *events += 1;
        *failed += u64::from(sale.cents > 600_000);
    }
    let rows = world.lake_rows("event_checks", "day");
    let found = rows.iter().map(|row| {
        let number = |column: &str| row[column].as_u64().unwrap();
        let day = row["day"].as_str().unwrap().to_owned();
        (day, (number("events"), number("failed")))
    });
    let found: BTreeMap<_, _> = found.collect();
    assert_eq!((found.len(), &found), (rows.len(), &expected));
    let failed: u64 = expected.values().map(|(_, failed)| failed).sum();
    let set_aside = world.lake_rows("silver_quarantine", "record_offset");
    let places: BTreeSet<_> = (set_aside.iter())
        .map(|row| {
            (
                row["partition_number"].as_u64(),
                row["record_offset"].as_u64(),
            )
        })
        .collect();
    let failed = usize::try_from(failed).unwrap();
    assert_eq!((set_aside.len(), places.len()), (failed, failed));
}

const LAKE: &str = "COMPTOIR_TEST_LAKE";
const DIRECTORY: &str = "COMPTOIR_TEST_DIRECTORY";
const TAKEN: &str = "COMPTOIR_TEST_TAKEN";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is no test: it is the process that another one kills"]
async fn the_process_that_forgets() {
    let (Ok(lake), Ok(taken)) = (std::env::var(LAKE), std::env::var(TAKEN)) else {
        return;
    };
    let lake = Lake::open(&lake, LakeOptions::default()).unwrap();
    let directory = LakePath::parse(&std::env::var(DIRECTORY).unwrap()).unwrap();
    let table = Table::open(&lake, &directory, Duration::from_mins(1)).unwrap();
    let (before, ends) = taken.split_once(' ').unwrap();
    let ends = ends.split(' ').map(|end| Offset(end.parse().unwrap()));
    let retention = Retention {
        before: before.parse().unwrap(),
        taken: ends
            .enumerate()
            .map(|(number, end)| named((key(number), end)))
            .collect(),
        reach: Reach::new(3),
    };
    table.forget(&retention, Sweep::Delete).await.unwrap();
}

fn named((key, below): (PartitionKey, Offset)) -> (PartitionKey, Taken) {
    let by = "a test".to_owned();
    (key, Taken { below, by })
}

/// As it is with a warehouse that came back from a copy, or with a run that was overtaken.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_forgotten_before_it_was_covered_stays_with_its_buckets() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        shop.trade(100, 50).await;
        // Somebody else had taken it.
        let ends = (0..PARTITIONS).map(|number| {
            let end = shop.sales[number].len() as u64;
            (key(number), Offset(end))
        });
        let forgot = shop.forget(ends.collect()).await;
        assert!(forgot.rows.accepted > 0, "{forgot:?}");
        world.batch_well(&["views", "run", "live"]);
        shop.look("set aside").await;
        let facts = shop.warehouse.batch_facts().await.unwrap();
        let covered = facts.partitions.values();
        let set_aside = covered.map(|of| of.current.as_ref().unwrap().set_aside.len());
        assert_eq!(set_aside.collect::<Vec<_>>(), [1, 1, 1]);
        // What comes behind it is covered as any other, and added to nothing twice.
        for turn in ["late", "late again"] {
            shop.trade(50, 20).await;
            world.batch_well(&["views", "run", "live"]);
            shop.look(turn).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_before_it_is_covered() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        shop.trade(100, 50).await;
        // Nothing is covered: nothing is taken.
        let forgot = shop.forget(shop.taken().await).await;
        assert_eq!((forgot.rows.total(), forgot.before), (0, None));
        assert!(forgot.kept_back.is_some());
        world.batch_well(&["views", "run", "live"]);
        // What was archived since is not covered yet, and holds its day up.
        let taken = shop.taken().await;
        shop.trade(100, 50).await;
        let rows = shop.old_rows().await;
        let forgot = shop.forget(taken).await;
        assert!(forgot.kept_back.is_some(), "{forgot:?}");
        assert_eq!(shop.old_rows().await, rows);
        world.batch_well(&["views", "run", "live"]);
        shop.look("").await;
        assert!(shop.forget(shop.taken().await).await.rows.total() > 0);
        shop.look("and then").await;
    })
    .await;
}
