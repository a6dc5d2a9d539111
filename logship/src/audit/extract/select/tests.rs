use super::*;
use crate::archive::facts::Carry;
use crate::archive::manifest::Entry;
use crate::archive::sample::{self, at};
use comptoir_model::app_log::Level;

/// A segment with lines of these seconds; whether its last one goes on in the next.
struct Span(i64, i64, Level, u64, bool);

fn chain(spans: &[Span]) -> Vec<ChainEntry> {
    let entry = |(number, span): (u64, &Span)| {
        let Span(from, to, level, lines, inside_line) = *span;
        let mut sealed = sample::sealed(number, 1, (from, to));
        sealed.lines = lines;
        for frame in sealed
            .segment
            .iter_mut()
            .flat_map(|segment| &mut segment.frames)
        {
            frame.levels = [(level, lines)].into();
        }
        sealed.carry = Carry {
            time: Some(at(to)),
            level: Some(level),
            inside_line,
        };
        sample::entry(ChainNumber(number), Entry::Sealed(Box::new(sealed)))
    };
    (1..).zip(spans).map(entry).collect()
}

fn selected(spans: &[Span], from: i64, to: i64, level: Option<Level>) -> Vec<u64> {
    let asked = Asked {
        from: Some(at(from)),
        to: Some(at(to)),
        level,
        ..Asked::default()
    };
    let chain = chain(spans);
    let selected = select(&chain, &asked);
    selected.into_iter().map(|number| number.0).collect()
}

#[test]
fn takes_what_may_hold_the_range_and_the_rest_of_its_lines() {
    use Level::Info;
    let whole = |from| Span(from, from + 9, Info, 5, false);
    let spans = [whole(0), whole(10), whole(20), whole(30)];
    assert_eq!(selected(&spans, 12, 21, None), [2, 3]);
    // The first line of the second begins in the first; the last of the third ends in the fourth.
    let torn = |from| Span(from, from + 9, Info, 5, true);
    let spans = [torn(0), torn(10), torn(20), torn(30), whole(40)];
    assert_eq!(selected(&spans, 12, 18, None), [1, 2, 3]);
    // A line that is longer than a segment.
    let inside = || Span(12, 12, Info, 0, true);
    let spans = [whole(0), torn(10), inside(), inside(), whole(30), whole(50)];
    assert_eq!(selected(&spans, 30, 40, None), [2, 3, 4, 5]);
}

#[test]
fn a_line_that_is_cut_before_its_level_is_not_left_out() {
    use Level::{Error, Info};
    let spans = [
        Span(0, 9, Info, 5, false),
        Span(10, 19, Info, 5, true),
        Span(20, 29, Info, 5, false),
        Span(30, 39, Error, 5, false),
    ];
    assert_eq!(selected(&spans, 0, 100, Some(Error)), [2, 3, 4]);
    assert_eq!(selected(&spans, 0, 5, Some(Error)), [] as [u64; 0]);
}
