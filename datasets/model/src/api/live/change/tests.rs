use super::*;
use crate::api::StreamPosition;
use crate::api::live::{Estimate, GapKind, LagUnit, LiveFigures, LiveSeries, Revenue};
use crate::event::Status;
use crate::ids::{Offset, Partition, StreamId};
use crate::money::Money;
use proptest::prelude::*;
use rust_decimal::Decimal;

fn at(second: u32) -> Timestamp {
    Timestamp::from_second(second.into()).unwrap()
}

/// Of a group that may have lost its figures' order, in any currency.
fn revenue() -> impl Strategy<Value = Revenue> {
    let currencies = vec![Currency::EUR, "USD".parse().unwrap()];
    (prop::sample::select(currencies), -300_i64..300, 0_i64..300).prop_map(
        |(currency, gross, refunds)| {
            let money = |hundredths| Money {
                amount: Decimal::new(hundredths, 2),
                currency,
            };
            Revenue {
                gross: money(gross),
                refunds: money(refunds),
                net: money(gross - refunds),
            }
        },
    )
}

fn group() -> impl Strategy<Value = LiveGroup> {
    let country = prop::option::of(prop::sample::select(&["France", "Spain"]));
    ("[a-e]", country, 0_u64..3, revenue()).prop_map(|(key, country, count, revenue)| LiveGroup {
        key,
        country: country.map(str::to_owned),
        transactions: count,
        approved: count / 2,
        units: 2 * count,
        revenue,
    })
}

fn groups() -> impl Strategy<Value = Vec<LiveGroups>> {
    let rows = || prop::collection::vec(group(), 0..12);
    prop::collection::vec((rows(), 0_u64..40), 2).prop_map(|lists| {
        let windows = [WindowName::Minutes5, WindowName::Today];
        (lists.into_iter().zip(windows))
            .map(|((groups, total), window)| LiveGroups {
                window,
                dimension: LiveDimension::City,
                groups,
                total,
            })
            .collect()
    })
}

fn tops() -> impl Strategy<Value = Vec<TopList>> {
    let name = prop::option::of("[xy]");
    let row = ("[a-e]", name, 0_u64..3, revenue()).prop_map(|(key, name, count, revenue)| TopRow {
        key,
        name,
        transactions: count,
        approved: count,
        units: count,
        revenue,
    });
    let kinds = vec![TopKind::Product, TopKind::Merchant];
    let rows = prop::collection::vec(row, 1..10);
    // Now and then another list, of which only a snapshot can tell.
    (prop::sample::subsequence(kinds, 1..3), rows).prop_map(|(kinds, rows)| {
        let list = |kind| TopList {
            kind,
            currency: Currency::EUR,
            rows: rows.clone(),
        };
        kinds.into_iter().map(list).collect()
    })
}

fn minutes() -> impl Strategy<Value = LiveSeries> {
    let counts = prop::collection::vec(0_u64..3, 0..8);
    (0_u32..4, counts, prop::collection::vec(revenue(), 0..2)).prop_map(
        |(first, counts, revenue)| {
            let point = |(index, count): (u32, &u64)| MinutePoint {
                start: at(60 * (first + index)),
                transactions: *count,
                approved: *count,
                units: *count,
                revenue: revenue.clone(),
            };
            LiveSeries {
                minutes: (0..).zip(&counts).map(point).collect(),
            }
        },
    )
}

fn windows() -> impl Strategy<Value = LiveWindows> {
    let window = |count: u64| Window {
        from: at(0),
        to: at(300),
        figures: LiveFigures {
            transactions: count,
            approved: count,
            declined: 0,
            pending: 0,
            refunded: 0,
            units: count,
            revenue: Vec::new(),
            orders: Estimate {
                count,
                error_percent: Decimal::new(16, 1),
            },
            customers: Estimate {
                count,
                error_percent: Decimal::new(16, 1),
            },
            average_basket: None,
            approval_rate_percent: None,
        },
    };
    (0_u64..3, 0_u64..3, 0_u64..3).prop_map(move |(a, b, c)| LiveWindows {
        minutes_5: window(a),
        minutes_60: window(b),
        today: window(c),
    })
}

fn transaction(partition: u32, offset: u64) -> Transaction {
    Transaction {
        stream: StreamId("s".to_owned()),
        partition: Partition(partition),
        offset: Offset(offset),
        event_id: format!("e-{partition}-{offset}"),
        event_time: at(7),
        order_id: "o".to_owned(),
        order_line: 1,
        customer_id: None,
        customer_name: None,
        product_id: "p".to_owned(),
        product_name: "product".to_owned(),
        category: "c".to_owned(),
        merchant: "m".to_owned(),
        quantity: 1,
        amount: Money::zero(Currency::EUR),
        country: "France".to_owned(),
        city: "Paris".to_owned(),
        channel: "web".to_owned(),
        payment_method: "card".to_owned(),
        status: Status::Approved,
    }
}

fn transactions() -> impl Strategy<Value = Vec<Transaction>> {
    prop::collection::vec((0_u32..2, 0_u64..9), 0..9).prop_map(|positions| {
        let row = |(partition, offset)| transaction(partition, offset);
        positions.into_iter().map(row).collect()
    })
}

fn source() -> impl Strategy<Value = LiveSource> {
    let partitions = prop::collection::vec((0_u32..3, 0_u64..3), 0..4);
    (partitions, 0_u32..3, 0_u64..3).prop_map(|(partitions, second, count)| LiveSource {
        state: SourceState::Live,
        since: at(second),
        fresh_through: (second > 0).then(|| at(second)),
        checked_at: Some(at(second)),
        partitions: (partitions.into_iter())
            .map(|(partition, next)| PartitionState {
                stream: StreamId("s".to_owned()),
                partition: Partition(partition),
                generation: 1,
                covered: Offset(0),
                next: Offset(next),
                log_end: Some(Offset(next)),
                fresh_through: None,
                checked_at: None,
                lag: Some(0),
                lag_unit: LagUnit::Records,
                ended: false,
            })
            .collect(),
        gaps: (0..count)
            .map(|start| GapInfo {
                stream: StreamId("s".to_owned()),
                partition: Partition(0),
                kind: GapKind::Lost,
                start: Offset(start),
                end: Offset(start + 1),
                found_at: at(second),
            })
            .collect(),
        dead_letters: DeadLetterCount {
            total: count,
            ..DeadLetterCount::default()
        },
    })
}

prop_compose! {
    fn message()(
        second in 0_u32..9,
        source in source(),
        windows in prop::option::weighted(0.9, windows()),
        series in minutes(),
        groups in groups(),
        tops in tops(),
        transactions in transactions(),
    ) -> LiveMessage {
        LiveMessage {
            as_of: AsOf {
                time: at(second),
                offsets: vec![StreamPosition {
                    stream: StreamId("s".to_owned()),
                    partition: Partition(0),
                    next: Offset(second.into()),
                }],
            },
            source: Arc::new(source),
            windows: windows.map(Arc::new),
            series: Some(Arc::new(series)),
            groups: Some(Arc::new(groups)),
            tops: Some(Arc::new(tops)),
            transactions: Some(Arc::new(transactions)),
        }
    }
}

fn names(message: &LiveMessage) -> Vec<(TopKind, Currency)> {
    let lists = message.tops.iter().flat_map(|lists| lists.iter());
    lists.map(|list| (list.kind, list.currency)).collect()
}

proptest! {
    #[test]
    fn a_snapshot_with_its_changes_is_the_newer_snapshot(
        messages in prop::collection::vec(message(), 2..6)
    ) {
        let mut known = messages[0].clone();
        for message in &messages[1..] {
            let Some(update) = LiveUpdate::between(&known, message) else {
                let other_parts = known.windows.is_some() != message.windows.is_some();
                prop_assert!(other_parts || names(&known) != names(message));
                known = message.clone();
                continue;
            };
            let sent = serde_json::to_string(&update).unwrap();
            let received: LiveUpdate = serde_json::from_str(&sent).unwrap();
            received.apply(&mut known).unwrap();
            prop_assert_eq!(&known, message);
            // Not only equal: as many decimals, too.
            prop_assert_eq!(
                serde_json::to_string(&known).unwrap(),
                serde_json::to_string(message).unwrap()
            );
        }
    }

    #[test]
    fn a_change_of_another_list_harms_nothing(
        before in transactions(),
        after in transactions(),
        other in transactions(),
    ) {
        let change = ListChange::between(&before, &after);
        let mut list = other.clone();
        if change.apply(&mut list).is_err() {
            prop_assert_eq!(list, other);
        }
    }
}

#[test]
fn a_row_that_only_counts_on_is_sent_without_its_name() {
    let row = |key: &str, count, hundredths| LiveGroup {
        key: key.to_owned(),
        country: None,
        transactions: count,
        approved: count,
        units: count,
        revenue: Revenue {
            gross: Money {
                amount: Decimal::new(hundredths, 2),
                currency: Currency::EUR,
            },
            refunds: Money {
                amount: Decimal::new(0, 2),
                currency: Currency::EUR,
            },
            net: Money {
                amount: Decimal::new(hundredths, 2),
                currency: Currency::EUR,
            },
        },
    };
    let before = [row("a", 3, 300), row("b", 2, 200), row("c", 1, 100)];
    let after = [row("b", 4, 400), row("a", 3, 300), row("d", 2, 150)];
    let change = RowsChange::between(&before, &after);
    let json = serde_json::to_value(&change).unwrap();
    assert_eq!(json["gone"], serde_json::json!([2]));
    assert_eq!(
        json["changed"],
        serde_json::json!([[1, 0, [4, 4, 4, "4.00", "0.00"]]])
    );
    assert_eq!(json["new"][0][0], 2);
    assert_eq!(json["new"][0][1]["key"], "d");
}

#[test]
fn nothing_new_is_a_message_of_a_few_words() {
    let source = LiveSource {
        state: SourceState::Live,
        since: at(1),
        fresh_through: Some(at(2)),
        checked_at: Some(at(3)),
        partitions: Vec::new(),
        gaps: Vec::new(),
        dead_letters: DeadLetterCount::default(),
    };
    let message = LiveMessage {
        as_of: AsOf {
            time: at(4),
            offsets: Vec::new(),
        },
        source: Arc::new(source),
        windows: None,
        series: None,
        groups: None,
        tops: None,
        transactions: Some(Arc::new(vec![transaction(0, 1)])),
    };
    let update = LiveUpdate::between(&message, &message).unwrap();
    assert_eq!(
        serde_json::to_value(&update).unwrap(),
        serde_json::json!({
            "as_of": {"time": "1970-01-01T00:00:04Z", "offsets": []},
            "source": {
                "state": "live",
                "since": "1970-01-01T00:00:01Z",
                "fresh_through": "1970-01-01T00:00:02Z",
                "checked_at": "1970-01-01T00:00:03Z"
            }
        })
    );
}
