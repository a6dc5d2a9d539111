//! What references say of live sales, and what they do not know.

use crate::live_shop::Shop;
use crate::world::{Kind, World};
use comptoir_lake::Recursive;
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeMap;

const TODAY: SignedDuration = SignedDuration::ZERO;
const THREE_DAYS: SignedDuration = SignedDuration::from_hours(72);

impl World {
    /// Puts a file into the lake, in the place of another one.
    pub(crate) async fn give(&self, path: &str, text: &str) {
        let path = comptoir_lake::LakePath::parse(&format!("{}/{path}", self.root)).unwrap();
        self.lake.delete(&path, Recursive::No).await.unwrap();
        self.lake.mkdirs(&path.parent().unwrap()).await.unwrap();
        let bytes = text.to_owned().into();
        self.lake.write_decisive(&path, bytes).await.unwrap();
    }
}

/// Of one reference, as the run said.
fn unknown<'a>(run: &'a [Value], reference: &str) -> &'a Value {
    let line = (run.iter()).find(|line| line["view"] == "silver_transactions");
    let all = line.unwrap()["unknown"].as_array().unwrap();
    let of = all.iter().find(|unknown| unknown["reference"] == reference);
    of.unwrap()
}

/// Accepted events by product.
fn by_product(shop: &Shop) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for sale in shop.accepted() {
        *counts.entry(format!("p-{}", sale.product)).or_default() += 1;
    }
    counts
}

async fn unknown_keys_are_counted_kept_and_right_once_the_reference_is_mended(world: &World) {
    let run = ["views", "run", "live", "silver_transactions", "--json"];
    let mut shop = Shop::open(world).await;
    for age in [TODAY, THREE_DAYS] {
        shop.sell(150, age);
    }
    shop.count().await;
    shop.keep_all().await;
    let without = world.batch_well(&run).json();
    let accepted = shop.accepted().count() as u64;
    let products = unknown(&without, "products");
    assert_eq!(products["is_given"], false);
    assert_eq!(products["rows"], accepted);
    assert_eq!(products["keys"], by_product(&shop).len());

    // p-5 is missing, p-0 has no line of its own, and the customers' names are their own.
    let head = "product_id,brand,product_line\r\n";
    let some = "p-1,\"Ha, \"\"ha\"\"\",Tea\r\np-2,B,Tea\r\np-3,B,Tea\r\np-4,B,Tea\r\n";
    let partly = format!("{head}p-0,A,\r\n{some}");
    world.give("reference/products/one.csv", &partly).await;
    world
        .give(
            "reference/stores/s.csv",
            "merchant,store_name,region\nPort,The port,West\n",
        )
        .await;
    let partial = world.batch_well(&run).json();
    let counts = by_product(&shop);
    let products = unknown(&partial, "products");
    let expected = counts.get("p-5").copied().unwrap_or(0);
    assert_eq!(products["is_given"], true);
    assert_eq!(products["rows"], expected);
    assert_eq!(products["examples"], serde_json::json!(["p-5"]));
    assert_eq!(unknown(&partial, "stores")["rows"], 0);
    for row in world.lake_rows("silver_transactions", "event_time") {
        let (line, brand, known) = match row["product_id"].as_str().unwrap() {
            "p-5" => ("unknown", "unknown", false),
            "p-0" => ("unknown", "A", true),
            "p-1" => ("Tea", "Ha, \"ha\"", true),
            _ => ("Tea", "B", true),
        };
        let said = (&row["product_line"], &row["brand"], &row["product_known"]);
        assert_eq!(
            said,
            (&line.into(), &brand.into(), &known.into()),
            "{row:?}"
        );
        assert_eq!(row["store_name"], "The port");
    }
    let ls = world.batch_well(&["views", "ls"]).stdout;
    assert!(ls.contains("1 keys of products unknown (p-5)"), "{ls}");

    // Only a day is computed anew, and the counts are those of all days.
    shop.sell(40, TODAY);
    shop.count().await;
    shop.keep_all().await;
    let later = world.batch_well(&run).json();
    let line = later
        .iter()
        .find(|line| line["view"] == "silver_transactions");
    assert!(line.unwrap()["days"].as_u64().unwrap() >= 1, "{later:?}");
    let expected = by_product(&shop).get("p-5").copied().unwrap_or(0);
    assert_eq!(unknown(&later, "products")["rows"], expected);
    assert_eq!(unknown(&later, "products")["keys"], 1);

    let whole = format!("{partly}p-5,C,Coffee\r\n");
    world.give("reference/products/one.csv", &whole).await;
    let mended = world.batch_well(&run).json();
    assert_eq!(unknown(&mended, "products")["rows"], 0);
    let rows = world.lake_rows("silver_transactions", "event_time");
    assert!(rows.iter().all(|row| row["product_known"] == true));
    let coffee = rows.iter().filter(|row| row["product_line"] == "Coffee");
    assert_eq!(coffee.count() as u64, expected);

    // A key that stands there twice would count its sales twice: the last good result stays.
    world
        .give(
            "reference/products/two.csv",
            &format!("{head}p-5,D,Tea\r\n"),
        )
        .await;
    let twice = world.batch(&run);
    assert_eq!(twice.code, 1, "{}", twice.stderr);
    assert!(
        twice.stderr.contains("has the key `p-5` more than once"),
        "{}",
        twice.stderr
    );
    assert_eq!(world.lake_rows("silver_transactions", "event_time"), rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_right_on_sqlite_and_a_directory() {
    World::with(
        Kind::Sqlite,
        unknown_keys_are_counted_kept_and_right_once_the_reference_is_mended,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_right_on_mariadb_and_hdfs() {
    World::with(
        Kind::MariaDb,
        unknown_keys_are_counted_kept_and_right_once_the_reference_is_mended,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_table_is_a_reference_as_well() {
    World::with(Kind::Sqlite, async |world: &World| {
        let mut shop = Shop::open(world).await;
        shop.sell(60, TODAY);
        shop.count().await;
        shop.keep_all().await;
        world
            .sql(
                "CREATE TABLE goods (product_id VARCHAR(20) PRIMARY KEY, PRODUCT_LINE VARCHAR(20), \
                  brand VARCHAR(20), more INT)",
            )
            .await;
        world
            .sql("INSERT INTO goods VALUES ('p-0','Tea','A',1), ('p-1','Tea','B',2)")
            .await;
        let target = format!("{}/reference/products", world.root);
        world.batch_well(&[
            "import",
            "--table",
            "goods",
            "--target-dir",
            &target,
            "-m",
            "1",
        ]);
        let run = world.batch_well(&["views", "run", "live", "silver_transactions", "--json"]);
        let run = run.json();
        let counts = by_product(&shop);
        let known = |name: &str| counts.get(name).copied().unwrap_or(0);
        let all: u64 = counts.values().sum();
        let expected = all - known("p-0") - known("p-1");
        assert_eq!(unknown(&run, "products")["rows"], expected);
    })
    .await;
}
