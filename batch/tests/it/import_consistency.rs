//! All parts show one moment, whatever is written while they are read.

use crate::world::{World, on_every_database};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

on_every_database! {
    transfers_between_parts_never_change_the_sum
}

const ACCOUNTS: u64 = 4000;
const EACH: i64 = 1000;
/// Imports during which money moves: a handful, or as many as `compose/test long` asks for.
fn imports() -> u32 {
    match std::env::var("COMPTOIR_TEST_IMPORTS") {
        Ok(imports) => imports.parse().unwrap(),
        Err(_) => 5,
    }
}

/// Transfers that an import must have seen pass, to count.
const TRANSFERS: u64 = 3;

async fn transfers_between_parts_never_change_the_sum(world: &World) {
    world
        .sql(
            "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, balance INT NOT NULL, note VARCHAR(200))",
        )
        .await;
    let note = "x".repeat(150);
    let rows: Vec<_> = (1..=ACCOUNTS)
        .map(|id| format!("({id},{EACH},'{note}')"))
        .collect();
    for rows in rows.chunks(1000) {
        world
            .sql(&format!("INSERT INTO t VALUES {}", rows.join(",")))
            .await;
    }
    let (transfers, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let writing = async {
        let mut writer = world.writer().await;
        while !stop.load(Ordering::Relaxed) {
            let n = transfers.load(Ordering::Relaxed) % (ACCOUNTS / 4);
            // From the last part to the first: a reader of two moments would see money twice.
            let (from, to) = (ACCOUNTS - n, 1 + n);
            for statement in [
                "BEGIN",
                &format!("UPDATE t SET balance = balance - 1 WHERE id = {from}"),
                &format!("UPDATE t SET balance = balance + 1 WHERE id = {to}"),
                "COMMIT",
            ] {
                writer.execute("transferring", statement).await.unwrap();
            }
            transfers.fetch_add(1, Ordering::Relaxed);
        }
        writer.close().await;
    };
    let importing = async {
        let mut counted = 0;
        while counted < imports() {
            let before = transfers.load(Ordering::Relaxed);
            world.import(&world.request("t", 4)).await.unwrap();
            counted += u32::from(transfers.load(Ordering::Relaxed) >= before + TRANSFERS);
            let rows = world.rows().await;
            let balance =
                |row: &Vec<Option<String>>| row[1].as_ref().unwrap().parse::<i64>().unwrap();
            assert_eq!(rows.len() as u64, ACCOUNTS);
            assert_eq!(
                rows.iter().map(balance).sum::<i64>(),
                EACH * ACCOUNTS.cast_signed()
            );
        }
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(writing, importing);
}
