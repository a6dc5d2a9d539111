use super::*;
use comptoir_model::api::live::{DeadLetterCount, Estimate, GapInfo, LiveFigures};
use comptoir_model::ids::{Offset, Partition, StreamId};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn source(state: SourceState) -> LiveSource {
    LiveSource {
        state,
        since: at(0),
        fresh_through: Some(at(99)),
        checked_at: Some(at(98)),
        partitions: Vec::new(),
        gaps: Vec::new(),
        dead_letters: DeadLetterCount::default(),
    }
}

fn message(second: i64) -> LiveMessage {
    LiveMessage {
        as_of: AsOf {
            time: at(second),
            offsets: Vec::new(),
        },
        source: source(SourceState::Live),
        windows: None,
        series: None,
        groups: None,
        tops: None,
        transactions: None,
    }
}

fn window(from: i64, transactions: u64) -> Window {
    let none = Estimate {
        count: 0,
        error_percent: 0.into(),
    };
    Window {
        from: at(from),
        to: at(from + 300),
        figures: LiveFigures {
            transactions,
            approved: 0,
            declined: 0,
            pending: 0,
            refunded: 0,
            units: 0,
            revenue: Vec::new(),
            orders: none,
            customers: none,
            average_basket: None,
            approval_rate_percent: None,
        },
    }
}

fn groups(window: WindowName, dimension: LiveDimension, total: u64) -> LiveGroups {
    LiveGroups {
        window,
        dimension,
        groups: Vec::new(),
        total,
    }
}

fn snapshot() -> LiveMessage {
    LiveMessage {
        windows: Some(LiveWindows {
            minutes_5: window(0, 5),
            minutes_60: window(0, 60),
            today: window(0, 100),
        }),
        groups: Some(vec![
            groups(WindowName::Minutes5, LiveDimension::Category, 1),
            groups(WindowName::Today, LiveDimension::City, 2),
        ]),
        ..message(100)
    }
}

fn view_of(all_news: Vec<(News, i64)>) -> LiveView {
    let mut view = LiveView::Loading;
    for (news, second) in all_news {
        view.take(news, at(second));
    }
    view
}

fn change(message: LiveMessage) -> News {
    News::Change(Box::new(message))
}

fn first() -> (News, i64) {
    (News::Snapshot(Box::new(snapshot())), 1_000)
}

fn freshness(view: &LiveView, second: i64) -> Freshness {
    Freshness::of(view.as_shown().unwrap(), at(second))
}

#[test]
fn what_a_change_leaves_out_stays() {
    let changed = LiveMessage {
        windows: Some(LiveWindows {
            minutes_5: window(60, 6),
            minutes_60: window(60, 61),
            today: window(0, 101),
        }),
        ..message(101)
    };
    let view = view_of(vec![first(), (change(changed), 1_001)]);
    let picture = &view.as_shown().unwrap().picture;
    let total = |window, dimension| picture.groups(window, dimension).map(|groups| groups.total);
    assert_eq!(picture.as_of.time, at(101));
    assert_eq!(total(WindowName::Today, LiveDimension::City), Some(2));
    assert_eq!(
        total(WindowName::Minutes5, LiveDimension::Category),
        Some(1)
    );
    let five = picture.window(WindowName::Minutes5).unwrap();
    assert_eq!(five.figures.transactions, 6);
}

#[test]
fn a_change_without_a_snapshot_shows_nothing() {
    let view = view_of(vec![(change(message(1)), 1)]);
    assert_eq!(view, LiveView::Loading);
}

#[test]
fn the_last_figures_stay_while_the_server_is_away_and_the_reason_too() {
    let status = Fault::Status {
        path: String::new(),
        status: 503,
    };
    let mut view = view_of(vec![
        first(),
        (News::Lost(Some(status.clone())), 1_001),
        (News::Lost(None), 1_002),
    ]);
    assert_eq!(
        freshness(&view, 1_002),
        Freshness::Reconnecting {
            last: at(100),
            fault: Some(status)
        }
    );
    view.take(change(message(103)), at(1_003));
    assert!(freshness(&view, 1_003).is_current());
}

#[test]
fn without_figures_a_fault_is_what_there_is_to_show() {
    let view = view_of(vec![
        (News::Lost(None), 1),
        (News::Lost(Some(Fault::Unreachable)), 2),
    ]);
    assert_eq!(view, LiveView::Down(Fault::Unreachable));
}

#[test]
fn ages_do_not_depend_on_the_difference_of_the_clocks() {
    let view = view_of(vec![first()]);
    assert_eq!(
        freshness(&view, 1_002),
        Freshness::Live {
            up_to: Some(at(99)),
            age: SignedDuration::from_secs(3)
        }
    );
}

#[test]
fn a_silent_server_is_told_from_a_quiet_shop() {
    let view = view_of(vec![first(), (change(message(104)), 1_004)]);
    assert!(freshness(&view, 1_008).is_current());
    assert!(!freshness(&view, 1_010).is_current());
}

#[test]
fn a_stopped_sink_counts_from_its_last_look() {
    let stopped = LiveMessage {
        source: source(SourceState::Stopped),
        ..message(110)
    };
    let view = view_of(vec![first(), (change(stopped), 1_010)]);
    assert_eq!(
        freshness(&view, 1_011),
        Freshness::Stopped {
            silent: SignedDuration::from_secs(13)
        }
    );
}

#[test]
fn only_a_hole_within_the_window_makes_it_incomplete() {
    let gap = |kind| GapInfo {
        stream: StreamId("s".to_owned()),
        partition: Partition(0),
        kind,
        start: Offset(1),
        end: Offset(2),
        found_at: at(50),
    };
    let with = |kind| LiveMessage {
        source: LiveSource {
            gaps: vec![gap(kind)],
            ..source(SourceState::Live)
        },
        ..message(101)
    };
    let lost = view_of(vec![first(), (change(with(GapKind::Lost)), 1_001)]);
    let picture = &lost.as_shown().unwrap().picture;
    assert!(picture.is_incomplete_since(at(50)));
    assert!(!picture.is_incomplete_since(at(51)));
    let blind = view_of(vec![first(), (change(with(GapKind::Blind)), 1_001)]);
    assert!(!blind.as_shown().unwrap().picture.is_incomplete_since(at(0)));
}
