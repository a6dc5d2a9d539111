use super::*;
use comptoir_model::api::live::{
    DeadLetterCount, Estimate, GapInfo, LiveFigures, LiveWindows, MinutePoint,
};
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
        source: Arc::new(source(SourceState::Live)),
        windows: Some(Arc::new(LiveWindows {
            minutes_5: window(0, 5),
            minutes_60: window(0, 60),
            today: window(0, 100),
        })),
        series: None,
        groups: Some(Arc::new(vec![
            groups(WindowName::Minutes5, LiveDimension::Category, 1),
            groups(WindowName::Today, LiveDimension::City, 2),
        ])),
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

/// The view after the snapshot, which was of second 100 and came at 1,000 by the page's clock.
fn shown() -> LiveView {
    let mut view = LiveView::Loading;
    let snapshot = News::Snapshot(Box::new(message(100)));
    view.take(snapshot, at(1_000)).unwrap();
    view
}

/// What the server sends to a page that knows the message of second 100.
fn change(message_then: &LiveMessage) -> News {
    News::Change(Box::new(
        LiveUpdate::between(&message(100), message_then).unwrap(),
    ))
}

fn with_source(second: i64, source: LiveSource) -> LiveMessage {
    LiveMessage {
        source: Arc::new(source),
        ..message(second)
    }
}

fn freshness(view: &LiveView, second: i64) -> Freshness {
    Freshness::of(view.as_shown().unwrap(), at(second))
}

#[test]
fn what_a_change_leaves_out_stays() {
    let changed = LiveMessage {
        windows: Some(Arc::new(LiveWindows {
            minutes_5: window(60, 6),
            minutes_60: window(60, 61),
            today: window(0, 101),
        })),
        ..message(101)
    };
    let mut view = shown();
    view.take(change(&changed), at(1_001)).unwrap();
    let picture = &view.as_shown().unwrap().picture;
    assert_eq!(picture.0, changed);
    let total = |window, dimension| picture.groups(window, dimension).map(|groups| groups.total);
    assert_eq!(total(WindowName::Today, LiveDimension::City), Some(2));
    let five = picture.window(WindowName::Minutes5).unwrap();
    assert_eq!(five.figures.transactions, 6);
}

#[test]
fn a_change_without_a_snapshot_is_refused() {
    let mut view = LiveView::Loading;
    assert_eq!(view.take(change(&message(101)), at(1)), Err(AnotherList));
    assert_eq!(view, LiveView::Loading);
}

#[test]
fn a_change_of_something_else_leaves_what_is_shown() {
    let more = LiveMessage {
        series: Some(Arc::new(LiveSeries {
            minutes: Vec::new(),
        })),
        ..message(100)
    };
    let point = MinutePoint {
        start: at(0),
        transactions: 1,
        approved: 1,
        units: 1,
        revenue: Vec::new(),
    };
    let newer = LiveMessage {
        series: Some(Arc::new(LiveSeries {
            minutes: vec![point],
        })),
        ..message(101)
    };
    let foreign = LiveUpdate::between(&more, &newer).unwrap();
    let mut view = shown();
    let result = view.take(News::Change(Box::new(foreign)), at(1_001));
    assert_eq!((result, view), (Err(AnotherList), shown()));
}

#[test]
fn the_last_figures_stay_while_the_server_is_away_and_the_reason_too() {
    let status = Fault::Status {
        path: String::new(),
        status: 503,
    };
    let mut view = shown();
    view.lose(Some(status.clone()));
    view.lose(None);
    assert_eq!(
        freshness(&view, 1_002),
        Freshness::Reconnecting {
            last: at(100),
            fault: Some(status)
        }
    );
    view.take(change(&message(103)), at(1_003)).unwrap();
    assert!(freshness(&view, 1_003).is_current());
}

#[test]
fn without_figures_a_fault_is_what_there_is_to_show() {
    let mut view = LiveView::Loading;
    view.lose(None);
    view.lose(Some(Fault::Unreachable));
    assert_eq!(view, LiveView::Down(Fault::Unreachable));
}

#[test]
fn ages_do_not_depend_on_the_difference_of_the_clocks() {
    let view = shown();
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
    let mut view = shown();
    view.take(change(&message(104)), at(1_004)).unwrap();
    assert!(freshness(&view, 1_008).is_current());
    assert!(!freshness(&view, 1_010).is_current());
}

#[test]
fn a_stopped_sink_counts_from_its_last_look() {
    let stopped = with_source(110, source(SourceState::Stopped));
    let mut view = shown();
    view.take(change(&stopped), at(1_010)).unwrap();
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
    let picture = |kind| {
        let with_gap = LiveSource {
            gaps: vec![gap(kind)],
            ..source(SourceState::Live)
        };
        let mut view = shown();
        let update = change(&with_source(101, with_gap));
        view.take(update, at(1_001)).unwrap();
        view.as_shown().unwrap().picture.clone()
    };
    let lost = picture(GapKind::Lost);
    assert!(lost.is_incomplete_since(at(50)));
    assert!(!lost.is_incomplete_since(at(51)));
    assert!(!picture(GapKind::Blind).is_incomplete_since(at(0)));
}
