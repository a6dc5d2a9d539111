//! The figures as they stand in the warehouse, straight from its tables.

use super::figures::{Figures, Sums, add};
use comptoir_config::DatabaseUrl;
use comptoir_database::{Access, Database, Limits, Login, Row};
use std::collections::BTreeMap;

/// Of all partitions, in the numbers that the raw records have.
pub(crate) struct Stored {
    pub(crate) figures: Figures,
    /// Where the views sink goes on, by partition.
    pub(crate) next: BTreeMap<u32, u64>,
    /// Holes that it recorded.
    pub(crate) gaps: i64,
    /// Rows that count: of the views sink's buckets, and of the current batch-view run.
    pub(crate) by_sinks: usize,
    pub(crate) by_run: usize,
}

/// One stream is all there may be.
pub(crate) async fn stored(url: &DatabaseUrl, login: &Login) -> Stored {
    let limits = Limits::default();
    let mut database = Database::connect(url, login, Access::Read, limits)
        .await
        .unwrap();
    // All of one moment.
    database.open_snapshot().await.unwrap();
    let positions = "SELECT p.partition_number, o.next_offset FROM offsets o \
        JOIN stream_partitions p ON p.id = o.partition_id";
    let mut next = BTreeMap::new();
    for row in rows(&mut database, positions).await {
        let earlier = next.insert(narrow(number(&row, 0)), narrow(number(&row, 1)));
        assert_eq!(earlier, None, "more than one stream");
    }
    let mut figures = Figures::default();
    let verdicts = "SELECT p.partition_number, SUM(g.accepted), SUM(g.rejected), SUM(g.duplicates) \
        FROM generations g JOIN stream_partitions p ON p.id = g.partition_id GROUP BY p.partition_number";
    for row in rows(&mut database, verdicts).await {
        let sums = [number(&row, 1), number(&row, 2), number(&row, 3)];
        if sums != [0; 3] {
            figures.verdicts.insert(narrow(number(&row, 0)), sums);
        }
    }
    let columns = "currency, category, country, city, channel, status, transactions, quantity, \
        gross, refunds, net";
    let buckets = format!("SELECT minute, {columns} FROM buckets t WHERE {NOT_COVERED}");
    let buckets = rows(&mut database, &buckets).await;
    let of_run = format!(
        "SELECT unit, {columns} FROM view_sums t JOIN view_runs r ON r.id = t.run_id \
         WHERE grain = 1 AND r.version = (SELECT MAX(n.version) FROM view_blocks b \
         JOIN view_runs n ON n.id = b.run_id WHERE n.version IS NOT NULL \
         AND b.quarter * 15 <= t.unit AND t.unit < b.quarter * 15 + 15)"
    );
    let of_run = rows(&mut database, &of_run).await;
    let (by_sinks, by_run) = (buckets.len(), of_run.len());
    fill::<7, 5>(&mut figures.buckets, buckets);
    fill::<7, 5>(&mut figures.buckets, of_run);
    let columns = "currency, kind, name, transactions, approved, units, gross, refunds, net";
    let kinds = "kind IN ('product', 'merchant', 'customer')";
    let tops = format!("SELECT quarter, {columns} FROM tops t WHERE {kinds} AND {NOT_COVERED}");
    fill::<4, 6>(&mut figures.tops, rows(&mut database, &tops).await);
    let of_run = format!(
        "SELECT quarter, {columns} FROM view_tops t JOIN view_runs r ON r.id = t.run_id \
         WHERE {kinds} AND r.version = (SELECT MAX(n.version) FROM view_blocks b \
         JOIN view_runs n ON n.id = b.run_id WHERE n.version IS NOT NULL AND b.quarter = t.quarter)"
    );
    fill::<4, 6>(&mut figures.tops, rows(&mut database, &of_run).await);
    let letters = "SELECT p.partition_number, d.record_offset FROM dead_letters d \
        JOIN stream_partitions p ON p.id = d.partition_id";
    for row in rows(&mut database, letters).await {
        let letter = (narrow(number(&row, 0)), narrow(number(&row, 1)));
        assert!(
            figures.dead_letters.insert(letter),
            "{letter:?} stands twice"
        );
    }
    let gaps = number(
        &rows(&mut database, "SELECT COUNT(*) FROM gaps").await[0],
        0,
    );
    database.close().await;
    Stored {
        figures,
        next,
        gaps,
        by_sinks,
        by_run,
    }
}

/// Which buckets count: those of generations that the current run does not cover. Nothing is set
/// aside in these tests.
const NOT_COVERED: &str = "NOT EXISTS (SELECT 1 FROM view_coverage c JOIN view_current v \
    ON v.run_id = c.run_id WHERE c.partition_id = t.partition_id \
    AND t.generation <= c.through_generation)";

/// How many events the views sink has accepted so far; `None` while there is no warehouse to ask.
pub(crate) async fn accepted(url: &DatabaseUrl, login: &Login) -> Option<i64> {
    let limits = Limits::default();
    let mut database = Database::connect(url, login, Access::Read, limits)
        .await
        .ok()?;
    let sql = "SELECT COALESCE(SUM(accepted), 0) FROM generations";
    let rows = database.fetch_all("looking on", sql).await.ok()?;
    database.close().await;
    Some(number(rows.first()?, 0))
}

async fn rows(database: &mut Database, sql: &str) -> Vec<Row> {
    database.fetch_all("recounting", sql).await.unwrap()
}

/// The first `K` columns are the key, the others its sums; what several generations have is added.
fn fill<const K: usize, const N: usize>(sums: &mut Sums<N>, rows: Vec<Row>) {
    for row in rows {
        let key = (0..K).map(|column| text(&row, column)).collect();
        add(
            sums,
            key,
            std::array::from_fn(|index| number(&row, K + index)),
        );
    }
}

fn text(row: &Row, column: usize) -> String {
    row.get(column).unwrap().to_text().unwrap()
}

fn number(row: &Row, column: usize) -> i64 {
    text(row, column).parse().unwrap()
}

fn narrow<T: TryFrom<i64>>(number: i64) -> T {
    T::try_from(number).ok().unwrap()
}
