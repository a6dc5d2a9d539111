//! The journal: what was added is there once, in order, and is read from the newest.

use crate::world::{World, at, on_every_database};
use comptoir_model::api::access::{JournalEntry, JournalOutcome};

on_every_database! { an_entry_is_there_once_and_the_newest_comes_first }

fn entry(number: i64) -> JournalEntry {
    JournalEntry {
        id: format!("entry-{number}"),
        at: at(number),
        who: "user:ada".to_owned(),
        address: "2001:db8::1".to_owned(),
        action: "login".to_owned(),
        outcome: JournalOutcome::ALL[usize::try_from(number).unwrap() % 3],
        detail: "<img onerror=…> \u{1f980}".to_owned(),
    }
}

async fn an_entry_is_there_once_and_the_newest_comes_first(world: &World) {
    let warehouse = &world.warehouse;
    assert_eq!(warehouse.journal(None, 10).await.unwrap(), []);
    let all: Vec<_> = (1..=5).map(entry).collect();
    warehouse.append_to_journal(&all[..3]).await.unwrap();
    // A call whose answer was lost is made again, with what came since.
    warehouse.append_to_journal(&all[1..]).await.unwrap();
    let read = warehouse.journal(None, 10).await.unwrap();
    let mut oldest_first: Vec<_> = read.iter().map(|read| read.entry.clone()).collect();
    oldest_first.reverse();
    assert_eq!(oldest_first, all);
    let newest = warehouse.journal(None, 2).await.unwrap();
    assert_eq!(newest, read[..2]);
    let before = Some(newest[1].number);
    assert_eq!(warehouse.journal(before, 10).await.unwrap(), read[2..]);
}
