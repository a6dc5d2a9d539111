//! The live run: the archive takes the place of the buckets, and no figure changes.

use crate::import_crash::kills;
use crate::live_shop::{PARTITIONS, Shop, key};
use crate::world::{Kind, World, on_every_database};
use comptoir_batch::database::{Access, Database, Limits};
use comptoir_bronze::Snapshot;
use comptoir_config::clock;
use comptoir_model::ids::{Offset, StreamId};
use comptoir_model::merge::GenerationNumber;
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeMap;

on_every_database! {
    figures_stay_the_same_while_the_archive_takes_over
    a_killed_run_changes_no_figure
}

const TODAY: SignedDuration = SignedDuration::ZERO;
const THREE_DAYS: SignedDuration = SignedDuration::from_hours(72);
const LONG_AGO: SignedDuration = SignedDuration::from_hours(24 * 20);

async fn figures_stay_the_same_while_the_archive_takes_over(world: &World) {
    let mut shop = Shop::open(world).await;
    for age in [TODAY, THREE_DAYS, LONG_AGO] {
        shop.sell(200, age);
    }
    shop.count().await;
    assert_eq!(shop.served().await, shop.expected());
    shop.keep_all().await;
    let run = world.batch_well(&["views", "run", "live", "--json"]).json();
    let [accepted, ..] = shop.verdicts();
    assert_eq!(run[0]["events"], accepted);
    assert_eq!(run[0]["run"], "live-1");
    assert_eq!(shop.served().await, shop.expected());
    assert_eq!(rows(world, "buckets").await, 0, "the buckets are gone");

    // The archive is late in one partition: its buckets go on counting.
    shop.sell(150, TODAY);
    shop.sell(150, THREE_DAYS);
    shop.count().await;
    shop.keep_but(0, |_| false).await;
    shop.keep_but(1, |_| false).await;
    let run = world.batch_well(&["views", "run", "live", "--json"]).json();
    assert_eq!(run[0]["behind"], serde_json::json!([key(2).to_string()]));
    assert_eq!(shop.served().await, shop.expected());
    assert!(rows(world, "buckets").await > 0);
    shop.keep_all().await;
    world.batch_well(&["views", "run", "live"]);
    assert_eq!(shop.served().await, shop.expected());
    assert_eq!(rows(world, "buckets").await, 0);

    // Nothing new is no run.
    let run = world.batch_well(&["views", "run", "live"]);
    assert!(
        run.stdout.starts_with("live: 0 events more, 0 quarters") && run.stdout.contains("live-3"),
        "{}",
        run.stdout
    );
    let said = world.batch_well(&["history", "view.live"]).stdout;
    assert_eq!(said.lines().count(), 5, "{said}");
}

async fn a_killed_run_changes_no_figure(world: &World) {
    let mut shop = Shop::open(world).await;
    shop.sell(200, THREE_DAYS);
    shop.count().await;
    shop.keep_all().await;
    let started = clock::instant();
    world.batch_well(&["views", "run", "live"]);
    let whole = started.elapsed();
    for _ in 0..kills() {
        shop.sell(60, TODAY);
        shop.sell(60, THREE_DAYS);
        shop.count().await;
        shop.keep_all().await;
        let delay = whole.mul_f64(f64::from(clock::random_u32()) / f64::from(u32::MAX));
        let mut run = world.start(&["views", "run", "live"]);
        std::thread::sleep(delay);
        run.kill().unwrap();
        run.wait().unwrap();
        shop.look("").await;
    }
    world.finish_view("live");
    shop.look("").await;
    shop.is_covered(world).await;
}

impl Shop {
    /// The archive counts everything, and nothing of earlier runs is left.
    pub(crate) async fn is_covered(&self, world: &World) {
        assert_eq!(rows(world, "buckets").await, 0);
        let left = "SELECT COUNT(*) FROM view_blocks b JOIN view_runs r ON r.id = b.run_id \
                    WHERE r.version IS NULL";
        assert_eq!(
            number(world, left).await,
            0,
            "what killed runs left is swept"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_stops_the_coverage_and_is_named() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        shop.sell(300, TODAY);
        shop.count().await;
        // A defect: the archive drops a record that the views sink counted.
        let dropped = first_accepted(&shop, 1);
        shop.keep_but(1, |offset| offset == dropped).await;
        shop.keep_all().await;
        let run = world.batch(&["views", "run", "live"]);
        assert_eq!(run.code, 5, "{}", run.stderr);
        for said in [
            "partition 1 of stream-1: generation 1, offsets 0 to",
            "differs: the views sink counted",
            "hint: the buckets go on counting it",
        ] {
            assert!(run.stderr.contains(said), "{}", run.stderr);
        }
        // The others are covered, and every figure is right.
        let facts = shop.warehouse.batch_facts().await.unwrap();
        let covered = |partition| facts.partitions[&key(partition)].current.is_some();
        assert_eq!([0, 1, 2].map(covered), [true, false, true]);
        assert_eq!(shop.served().await, shop.expected());
        // It is named as long as it is there.
        shop.sell(50, TODAY);
        shop.count().await;
        shop.keep_all().await;
        assert_eq!(world.batch(&["views", "run", "live"]).code, 5);
        assert_eq!(shop.served().await, shop.expected());
    })
    .await;
}

fn first_accepted(shop: &Shop, partition: usize) -> usize {
    let malformed = |offset: &usize| shop.is_malformed(partition, *offset);
    let offsets = 0..shop.sales[partition].len();
    offsets
        .into_iter()
        .find(|offset| !malformed(offset))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_archive_lost_is_counted_by_its_buckets() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        shop.sell(200, TODAY);
        shop.count().await;
        shop.lose(0).await;
        shop.keep_all().await;
        world.batch_well(&["views", "run", "live"]);
        assert_eq!(shop.served().await, shop.expected());
        let facts = shop.warehouse.batch_facts().await.unwrap();
        let covered = facts.partitions[&key(0)].current.clone().unwrap();
        assert_eq!(covered.set_aside, [GenerationNumber::FIRST].into());
        // What comes behind the hole is covered as any other.
        shop.sell(200, TODAY);
        shop.count().await;
        shop.keep_all().await;
        world.batch_well(&["views", "run", "live"]);
        assert_eq!(shop.served().await, shop.expected());
        assert!(rows(world, "buckets").await > 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_stream_that_ended() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        shop.sell(200, TODAY);
        shop.count().await;
        shop.keep_but(0, |_| false).await;
        shop.keep_but(1, |_| false).await;
        let stream = StreamId("stream-1".to_owned());
        shop.writer.end_stream(&stream, clock::now()).await.unwrap();
        let run = world.batch_well(&["views", "run", "live", "--json"]).json();
        assert_eq!(run[0]["behind"], serde_json::json!([]));
        // The archive's loss is on record, and its buckets stay.
        let lost = shop.sales[PARTITIONS - 1].len() as u64;
        let snapshot = Snapshot::newest(&shop.table).await.unwrap().unwrap();
        let position = snapshot.position(&key(2)).await.unwrap();
        assert_eq!(position, Some(Offset(lost)));
        assert_eq!(snapshot.gaps(&key(2)).await.unwrap().lost.len(), 1);
        assert_eq!(shop.served().await, shop.expected());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_over_the_archive_sees_what_is_covered() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        world.write_view(
            "by_currency",
            "-- description: Net by currency\n-- source events: archive events\n\n\
             SELECT currency, COUNT(*) AS events, CAST(SUM(CASE status WHEN 'APPROVED' THEN \
             amount WHEN 'REFUNDED' THEN -amount ELSE 0 END) AS DECIMAL(18, 2)) AS net \
             FROM events GROUP BY currency ORDER BY currency",
        );
        world.write_view(
            "verdicts",
            "-- description: Records by verdict\n-- source r: archive records\n\n\
             SELECT _verdict AS verdict, COUNT(*) AS records FROM r GROUP BY _verdict ORDER BY 1",
        );
        // Nobody needs an archive who does not ask for it.
        let none = world.batch(&["views", "run", "by_currency"]);
        assert_eq!(none.code, 1);
        assert!(
            none.stderr.contains("comptoir-batch views run live"),
            "{}",
            none.stderr
        );
        let live = world.batch(&["views", "run", "live"]);
        assert_eq!(live.code, 1);
        assert!(
            live.stderr.contains("comptoir-speed archive"),
            "{}",
            live.stderr
        );

        shop.sell(300, TODAY);
        shop.count().await;
        shop.keep_all().await;
        world.batch_well(&["views", "run", "live", "by_currency", "verdicts"]);
        let [accepted, rejected, duplicates] = shop.verdicts();
        let found = world.view_rows("verdicts").await;
        let found: Vec<_> = found.iter().map(|row| row["records"].clone()).collect();
        assert_eq!(found, [accepted, duplicates, rejected]);
        let before = shop.net();
        assert_eq!(net(world).await, before);
        let about = world.view_result("by_currency").await.unwrap().about;
        assert_eq!(about.sources[0].run.to_string(), "live-1");
        assert_eq!(about.sources[0].rows, accepted as u64);

        // What is archived and not covered yet is not seen.
        shop.sell(100, TODAY);
        shop.keep_all().await;
        world.batch_well(&["views", "run", "by_currency"]);
        assert_eq!(net(world).await, before);
        shop.count().await;
        world.batch_well(&["views", "run", "live", "by_currency"]);
        assert_eq!(net(world).await, shop.net());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_views_over_live_events_are_right() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        for age in [TODAY, THREE_DAYS] {
            shop.sell(300, age);
        }
        shop.count().await;
        shop.keep_all().await;
        let names = [
            "live",
            "event_cube",
            "event_customers",
            "event_quality",
            "silver_transactions",
            "silver_customers",
        ];
        world.batch_well(&[&["views", "run"], &names[..]].concat());

        let mut nets: [BTreeMap<String, i64>; 3] = Default::default();
        for row in world.view_rows("event_cube").await {
            let by = ["category", "channel", "country"].map(|column| !row[column].is_null());
            let kind = match by {
                [false, false, false] => 0,
                [false, true, false] => 1,
                [true, false, false] | [false, false, true] => 2,
                _ => panic!("{row:?}"),
            };
            *nets[kind].entry(text(&row["currency"])).or_default() += cents(&row["net"]);
        }
        let [whole, by_channel, by_category_and_country] = nets;
        assert_eq!(whole, shop.net());
        assert_eq!(by_channel, shop.net());
        // There is one of each.
        let twice = shop.net().into_iter();
        let twice: BTreeMap<_, _> = twice.map(|(key, net)| (key, 2 * net)).collect();
        assert_eq!(by_category_and_country, twice);

        let mut customers: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
        for row in world.view_rows("event_customers").await {
            let of_currency = customers.entry(text(&row["currency"])).or_default();
            assert_eq!(row["place"], of_currency.len() + 1);
            of_currency.push((text(&row["customer_id"]), cents(&row["net"])));
        }
        assert_eq!(customers, shop.customers());

        let mut verdicts: BTreeMap<String, u64> = BTreeMap::new();
        for row in world.view_rows("event_quality").await {
            let records = row["records"].as_u64().unwrap();
            *verdicts.entry(text(&row["verdict"])).or_default() += records;
        }
        let [accepted, rejected, duplicates] = shop.verdicts().map(|count| count as u64);
        let expected = [
            ("accepted", accepted),
            ("duplicate", duplicates),
            ("rejected", rejected),
        ];
        let expected = expected.map(|(verdict, count)| (verdict.to_owned(), count));
        assert_eq!(verdicts, expected.into());

        // Nothing has changed: nothing is done.
        let again = world.batch_well(&["views", "run", "--if-changed"]);
        let lines: Vec<_> = again.stdout.lines().collect();
        assert!(
            lines.len() == 1 && lines[0].starts_with("live: 0 events more"),
            "{lines:?}"
        );
        shop.sell(50, TODAY);
        shop.count().await;
        shop.keep_all().await;
        let again = world.batch_well(&["views", "run", "--if-changed"]);
        assert_eq!(again.stdout.lines().count(), 6, "{}", again.stdout);
        let listed = world.batch_well(&["views", "ls"]).stdout;
        let [accepted, ..] = shop.verdicts();
        let live = listed
            .lines()
            .find(|line| line.starts_with("live"))
            .unwrap();
        assert!(live.contains(&accepted.to_string()), "{listed}");
        let plan = world.batch_well(&["views", "plan", "live"]).stdout;
        assert!(
            plan.contains("partition 0 of stream-1: covered up to offset"),
            "{plan}"
        );
    })
    .await;
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Of a decimal with two places.
fn cents(value: &Value) -> i64 {
    text(value).replace('.', "").parse().unwrap()
}

/// An order counts once in each row of the cube, of however many.
#[tokio::test(flavor = "multi_thread")]
async fn orders_that_do_not_fit_in_memory_are_counted_on_the_disk() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        world.write_views_settings("wait_s = 1\nmemory_mb = 2\n");
        shop.order_numbers = 1_000_000;
        shop.sell(20_000, TODAY);
        shop.count().await;
        shop.keep_all().await;
        let views = [
            "live",
            "event_cube",
            "event_customers",
            "silver_transactions",
            "silver_customers",
        ];
        world.batch_well(&[&["views", "run"], &views[..]].concat());
        let mut orders: BTreeMap<String, u64> = BTreeMap::new();
        for row in world.view_rows("event_cube").await {
            if ["category", "channel", "country"]
                .iter()
                .all(|by| row[*by].is_null())
            {
                *orders.entry(text(&row["currency"])).or_default() +=
                    row["orders"].as_u64().unwrap();
            }
        }
        assert_eq!(orders, shop.orders());
    })
    .await;
}

async fn net(world: &World) -> BTreeMap<String, i64> {
    let rows = world.view_rows("by_currency").await;
    (rows.iter())
        .map(|row| (text(&row["currency"]), cents(&row["net"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_ones_own_can_not_be_called_live() {
    World::with(Kind::Sqlite, async |world: &World| {
        world.write_views_settings("");
        world.write_view(
            "live",
            "-- description: a\n-- source t: import t\n\nSELECT 1 AS a",
        );
        let run = world.batch(&["views", "ls"]);
        assert_eq!(run.code, 2);
        assert!(
            run.stderr.contains("live.sql: `live` is the run"),
            "{}",
            run.stderr
        );
    })
    .await;
}

async fn rows(world: &World, table: &str) -> i64 {
    number(world, &format!("SELECT COUNT(*) FROM {table}")).await
}

/// Of the warehouse.
async fn number(world: &World, sql: &str) -> i64 {
    let (url, login) = (world.warehouse_url(), &world.source.login);
    let database = Database::connect(&url, login, Access::Read, Limits::default());
    let mut database = database.await.unwrap();
    let rows = database.fetch_all("asking", sql).await.unwrap();
    let number = rows[0].get(0).unwrap().to_text().unwrap();
    database.close().await;
    number.parse().unwrap()
}
