//! A batch-view run becomes current, and buckets go: no figure moves.

use crate::live::{check, random_sale, server};
use crate::shop::{PARTITIONS, Shop, on_every_warehouse};
use crate::sse::Events;
use crate::support::{TestLake, TestServer};
use comptoir_model::api::live::{LiveMessage, LiveUpdate};
use comptoir_model::ids::Offset;
use comptoir_model::live::{Minute, QuarterHour, Tally};
use comptoir_model::merge::{Archived, Candidate, Gaps, due};
use comptoir_model::verdict::{DuplicateWindow, MappingVersion, Reach, Record, Verdict, judge};
use comptoir_warehouse::{BatchRun, Block, Holds, Loaded, Reading, Switched};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_every_warehouse! { no_figure_moves_when_the_archive_takes_over }

async fn no_figure_moves_when_the_archive_takes_over(shop: &mut Shop) {
    let lake = TestLake::new();
    let server = server(shop, &lake).await;
    let mut random = StdRng::seed_from_u64(5);
    for round in 0..4 {
        for partition in 0..PARTITIONS {
            let sales: Vec<_> = (0..60).map(|_| random_sale(&mut random)).collect();
            shop.sell(partition, &sales).await;
            if round < 3 {
                shop.seal().await;
            }
        }
        check(shop, &server, "before").await;
        let request = server.request("GET", "/api/v1/live/stream");
        let mut events = Events::of(request.send().await.unwrap());
        let first = events.next().await.unwrap();
        let mut page: LiveMessage = serde_json::from_value(first.data).unwrap();
        let before = figures(&page);
        let ends = take_over(shop).await;
        // Everything that a page hears from now on says the same, and then by whom.
        while covered(&page) != ends {
            let event = events.next().await.unwrap();
            if event.name == "snapshot" {
                page = serde_json::from_value(event.data).unwrap();
            } else {
                let update: LiveUpdate = serde_json::from_value(event.data).unwrap();
                update.apply(&mut page).unwrap();
            }
            assert_eq!(figures(&page), before, "round {round}");
        }
        check(shop, &server, "after the switch").await;
        if round > 0 {
            while shop.warehouse.prune_chunk().await.unwrap() > 0 {}
            let from = QuarterHour(0);
            while shop.warehouse.sweep_chunk(from).await.unwrap() > 0 {}
            check(shop, &server, "after the pruning").await;
            let late = crate::live::server(shop, &lake).await;
            check(shop, &late, "a new server").await;
            reconciled(shop, &late, &ends).await;
        }
    }
}

/// What a page shows of the shop.
fn figures(page: &LiveMessage) -> Value {
    let page = serde_json::to_value(page).unwrap();
    json!([
        page["windows"],
        page["series"],
        page["groups"],
        page["tops"]
    ])
}

fn covered(page: &LiveMessage) -> Vec<Offset> {
    (page.source.partitions.iter())
        .map(|partition| partition.covered)
        .collect()
}

async fn reconciled(shop: &Shop, server: &TestServer, ends: &[Offset]) {
    let report = server.json("/api/v1/reconcile").await;
    assert_eq!(report["complete"], true, "{report}");
    assert_eq!(report["differences"], json!([]));
    assert_eq!(report["records"], shop.sold.len());
    assert_eq!(report["as_of"]["offsets"], shop.offsets());
    for (partition, end) in report["partitions"].as_array().unwrap().iter().zip(ends) {
        assert_eq!(partition["covered"], end.0);
    }
}

/// A run over an archive that holds every record. Returns where its coverage ends.
async fn take_over(shop: &Shop) -> Vec<Offset> {
    let facts = shop.warehouse.batch_facts().await.unwrap();
    let mut archive = BTreeMap::new();
    for ((key, recorded), records) in facts.partitions.iter().zip(&shop.records) {
        let next = Offset(records.len() as u64);
        let due = due(recorded.current.as_ref(), &recorded.sealed, next);
        let recomputed = due.map(|generation| (generation.number, generation.control.clone()));
        let archived = Archived {
            next,
            gaps: Gaps::default(),
            recomputed: recomputed.collect(),
        };
        archive.insert(key.clone(), archived);
    }
    let candidate = Candidate::of(&facts.partitions, &archive).unwrap();
    let ends: Vec<_> = (facts.partitions.keys())
        .map(|key| candidate.coverage.end_of(key))
        .collect();
    let mut blocks: BTreeMap<QuarterHour, Tally> = BTreeMap::new();
    for (records, end) in shop.records.iter().zip(&ends) {
        let mut window = DuplicateWindow::new(Reach::new(u64::MAX));
        for (offset, text) in (0..end.0).zip(records) {
            let record = Record {
                offset: Offset(offset),
                timestamp: shop.now,
                bytes: text.as_bytes(),
            };
            let verdict = judge(record, MappingVersion::NEWEST, &mut window).unwrap();
            if let Verdict::Accepted(event) = &verdict {
                let quarter = QuarterHour::of(Minute::of(event.event_time.timestamp()));
                let block = blocks.entry(quarter).or_default();
                (block.add(&record, MappingVersion::NEWEST, &verdict)).unwrap();
            }
        }
    }
    let reading = Reading {
        archive_version: 1,
        as_of: Some(shop.now),
    };
    let run = BatchRun::begin(
        &shop.warehouse,
        &candidate,
        reading,
        QuarterHour(0),
        shop.now,
    );
    let run = run.await.unwrap();
    for (quarter, tally) in &blocks {
        let (buckets, tops) = (tally.buckets(), tally.tops());
        let block = Block {
            holds: Holds::All,
            quarter: *quarter,
            buckets: &buckets,
            distinct: tally.distinct(),
            tops: &tops,
        };
        assert_eq!(run.load(&[block]).await.unwrap(), Loaded::Done);
    }
    let switched = run.switch(shop.now).await.unwrap();
    assert!(matches!(switched, Switched::Done { .. }), "{switched:?}");
    ends
}
