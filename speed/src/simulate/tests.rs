use super::malformed::Damage;
use super::run::sample;
use super::*;
use comptoir_model::event::{CustomerId, Event, Status, read_event};
use comptoir_model::money::Currency;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

fn start() -> Timestamp {
    "2026-11-21T11:00:00Z".parse().unwrap()
}

fn retail() -> Catalog {
    sample(Currency::EUR).unwrap()
}

struct Sent {
    key: String,
    timestamp: Timestamp,
    bytes: Vec<u8>,
}

/// Records at 100 a second.
fn records(generator: &mut Generator, rows: u32) -> Vec<Sent> {
    let mut pace = Pace::new(Rate::per_second(100).unwrap(), Shape::Steady, start(), 1);
    let record = |_| {
        let draft = generator.next(pace.due());
        pace.advance();
        Sent {
            key: String::from_utf8(draft.key.to_vec()).unwrap(),
            timestamp: draft.timestamp,
            bytes: draft.bytes.to_vec(),
        }
    };
    (0..rows).map(record).collect()
}

fn sound(catalog: Catalog, rows: u32) -> Vec<Sent> {
    records(&mut Generator::new(7, start(), catalog, Shares::NONE), rows)
}

fn events(records: &[Sent]) -> Vec<Event<'_>> {
    records
        .iter()
        .map(|sent| {
            read_event(&sent.bytes).unwrap_or_else(|rejection| {
                panic!("{rejection}: {}", String::from_utf8_lossy(&sent.bytes))
            })
        })
        .collect()
}

#[test]
fn the_same_seed_and_start_give_the_same_bytes() {
    let bytes = |seed, catalog| {
        let mut generator = Generator::new(seed, start(), catalog, Shares::default());
        let sent = records(&mut generator, 5_000);
        sent.into_iter().map(|sent| sent.bytes).collect::<Vec<_>>()
    };
    assert!(bytes(7, retail()) == bytes(7, retail()));
    assert!(bytes(7, payments()) == bytes(7, payments()));
    assert!(bytes(7, retail()) != bytes(8, retail()));
}

#[test]
fn ids_never_repeat_whatever_starts_again() {
    let mut ids = HashSet::new();
    let later = start() + SignedDuration::from_micros(1);
    for (seed, start) in [(7, start()), (8, start()), (7, later)] {
        let mut generator = Generator::new(seed, start, payments(), Shares::NONE);
        for event in events(&records(&mut generator, 20_000)) {
            assert!(ids.insert(event.event_id.to_string()), "{}", event.event_id);
        }
    }
}

#[test]
fn a_record_has_about_four_hundred_bytes() {
    for catalog in [retail(), payments()] {
        let sent = sound(catalog, 5_000);
        let mean = sent.iter().map(|sent| sent.bytes.len()).sum::<usize>() / sent.len();
        assert!((380..480).contains(&mean), "{mean}");
    }
}

#[test]
fn orders_have_several_lines_and_keep_to_their_key() {
    let sent = sound(retail(), 20_000);
    let mut lines: HashMap<&str, BTreeSet<u32>> = HashMap::new();
    let mut customers: HashMap<&str, Option<&str>> = HashMap::new();
    let events = events(&sent);
    for (event, sent) in events.iter().zip(&sent) {
        assert_eq!(sent.key, event.order_id.as_str());
        lines
            .entry(event.order_id.as_str())
            .or_default()
            .insert(event.order_line.get());
        let customer = event.customer_id.as_ref().map(CustomerId::as_str);
        assert_eq!(
            *customers.entry(event.order_id.as_str()).or_insert(customer),
            customer
        );
    }
    let several = lines.values().filter(|lines| lines.len() > 1).count();
    assert!(
        several * 10 > lines.len() * 4,
        "{several} of {}",
        lines.len()
    );
}

#[test]
fn a_pending_line_is_decided_once_and_a_paid_one_may_come_back() {
    use Status::{Approved, Declined, Pending, Refunded};

    let sent = sound(payments(), 120_000);
    let mut stories: BTreeMap<(&str, u32), Vec<Status>> = BTreeMap::new();
    let events = events(&sent);
    for event in &events {
        let line = (event.order_id.as_str(), event.order_line.get());
        stories.entry(line).or_default().push(event.status);
    }
    let mut seen: BTreeMap<Vec<Status>, usize> = BTreeMap::new();
    for story in stories.into_values() {
        *seen.entry(story).or_default() += 1;
    }
    let allowed = [
        vec![Approved],
        vec![Declined],
        vec![Pending],
        vec![Pending, Approved],
        vec![Pending, Declined],
        vec![Approved, Refunded],
        vec![Pending, Approved, Refunded],
    ];
    assert!(
        seen.keys().eq(allowed.iter().collect::<BTreeSet<_>>()),
        "{seen:?}"
    );
    // Twenty minutes in all: those of the last two may still wait.
    assert!(
        seen[&vec![Pending]] * 4 < seen[&vec![Pending, Approved]],
        "{seen:?}"
    );
}

#[test]
fn few_customers_buy_often() {
    let sent = sound(payments(), 30_000);
    let mut counts: HashMap<String, u32> = HashMap::new();
    for event in events(&sent) {
        if let Some(id) = event.customer_id {
            *counts.entry(id.to_string()).or_default() += 1;
        }
    }
    let mut counts: Vec<u32> = counts.into_values().collect();
    counts.sort_unstable();
    let tenth = counts.len() / 10;
    let loyal: u32 = counts.iter().rev().take(tenth).sum();
    assert!(loyal * 3 > counts.iter().sum::<u32>(), "{loyal}");
}

#[test]
fn payments_are_five_to_seven_hundred_and_fifty_euros_in_france() {
    for event in events(&sound(payments(), 30_000)) {
        let amount = event.amount.decimal();
        assert!(amount >= 5.into() && amount <= 750.into(), "{amount}");
        assert_eq!(event.currency, Currency::EUR);
        assert_eq!(event.country.as_str(), "France");
        assert!(["grocery", "electronics", "travel"].contains(&event.category.as_str()));
    }
}

#[test]
fn the_catalog_of_the_erp_has_its_products_customers_and_countries() {
    let rows = comptoir_sample::generate(comptoir_sample::DEFAULT_SEED);
    let products: HashMap<_, _> = rows
        .iter()
        .map(|row| (row.product.code.as_str(), row.product.line))
        .collect();
    let mut numbers: Vec<&str> = Vec::new();
    for row in &rows {
        if !numbers.contains(&row.order.customer.name) {
            numbers.push(row.order.customer.name);
        }
    }
    let countries: HashSet<_> = rows.iter().map(|row| row.order.customer.country).collect();
    let sent = sound(retail(), 30_000);
    let mut met = HashSet::new();
    let events = events(&sent);
    for event in &events {
        assert_eq!(products[event.product_id.as_str()], event.category.as_str());
        if let (Some(id), Some(name)) = (&event.customer_id, &event.customer_name) {
            let number: usize = id.as_str().parse().unwrap();
            assert_eq!(numbers[number - 1], name.as_str());
        }
        met.insert(event.country.as_str());
    }
    assert_eq!(met, countries);
}

#[test]
fn the_shares_are_kept() {
    let shares = Shares {
        late: "10".parse().unwrap(),
        duplicates: "5".parse().unwrap(),
        malformed: "2".parse().unwrap(),
    };
    let rows = 50_000;
    let sent = records(&mut Generator::new(3, start(), retail(), shares), rows);
    let (mut late, mut duplicates, mut malformed) = (0, 0, 0);
    let mut seen: HashMap<String, &[u8]> = HashMap::new();
    for record in &sent {
        match read_event(&record.bytes) {
            Err(_) => malformed += 1,
            Ok(event) => {
                if let Some(earlier) = seen.insert(event.event_id.to_string(), &record.bytes) {
                    duplicates += 1;
                    assert_eq!(earlier, record.bytes);
                    continue;
                }
                let lateness = record
                    .timestamp
                    .duration_since(event.event_time.timestamp());
                assert!(!lateness.is_negative() && lateness <= SignedDuration::from_hours(30));
                late += u32::from(lateness >= SignedDuration::from_mins(2));
            }
        }
    }
    let about = |found: u32, percent: u32| {
        let expected = rows * percent / 100;
        assert!(
            found.abs_diff(expected) * 8 < expected,
            "{found}, not {expected}"
        );
    };
    about(late, 10);
    about(duplicates, 5);
    about(malformed, 2);
}

#[test]
fn each_damage_is_refused_for_its_reason() {
    let sent = sound(payments(), 40);
    for record in &sent {
        let reasons = Damage::ALL.map(|damage| {
            let mut bytes = record.bytes.clone();
            damage.apply(&mut bytes);
            match read_event(&bytes) {
                Ok(_) => panic!("{damage:?}: {}", String::from_utf8_lossy(&bytes)),
                Err(rejection) => rejection.reason(),
            }
        });
        assert_eq!(
            reasons,
            [
                "not_json",
                "not_utf8",
                "empty",
                "not_an_object",
                "too_deep",
                "not_json",
                "missing_field",
                "repeated_field",
                "out_of_range",
                "too_many_decimals",
                "out_of_range",
                "bad_time",
                "out_of_range",
                "unknown_value",
                "out_of_range",
                "bad_length",
            ]
        );
    }
}

#[test]
fn a_table_without_what_events_need_is_refused() {
    assert_eq!(
        ErpCatalog::of(&["id", "name"]).unwrap_err(),
        CatalogError::MissingColumn("PRODUCTCODE")
    );
    let columns = [
        "PRODUCTCODE",
        "PRODUCTLINE",
        "MSRP",
        "CUSTOMERNAME",
        "CITY",
        "COUNTRY",
    ];
    let mut catalog = ErpCatalog::of(&columns).unwrap();
    catalog.add(&[
        Some("P 1"),
        Some("Toys"),
        Some("95.70"),
        Some("Anna"),
        Some("Nantes"),
        None,
    ]);
    assert_eq!(
        catalog.finish(Currency::EUR).unwrap_err(),
        CatalogError::Empty { rows: 1 }
    );
}
