//! How far each part of the flow has read, and what became of the records, partition by partition.

use crate::answer::View;
use crate::i18n::{Language, data as words};
use crate::settings::use_language;
use crate::table::{Cell, Row, TablePanel};
use comptoir_model::api::reconcile::{ReconcileReport, ReconciledPartition};
use leptos::prelude::*;

#[component]
pub(super) fn Partitions(report: RwSignal<View<ReconcileReport>>) -> impl IntoView {
    let language = use_language();
    let rows = move |of: fn(&ReconcileReport, Language) -> Vec<Row>| {
        Memo::new(move |_| {
            report.with(|report| {
                let report = report.answer();
                report.map_or_else(Vec::new, |report| of(report, language.get()))
            })
        })
    };
    // The page says above all panels why there is no newer report.
    let fault = Signal::stored(None);
    let is_known = Signal::stored(true);
    view! {
        <div class="stack">
            <TablePanel
                id="offsets"
                words=|language| &words::text(language).offsets
                texts=1
                rows=rows(offsets)
                is_known
                fault
            />
            <TablePanel
                id="became"
                words=|language| &words::text(language).records
                texts=1
                rows=rows(became)
                is_known
                fault
            />
        </div>
    }
}

fn row(partition: &ReconciledPartition, language: Language, rest: Vec<Cell>) -> Row {
    let (stream, number) = (&partition.stream.0, partition.partition.0);
    let mut cells = vec![
        Cell::text(stream.clone()).with_class("code"),
        Cell::number(language, "partition", Some(number.into())),
    ];
    cells.extend(rest);
    Row {
        key: format!("{stream}/{number}"),
        cells,
    }
}

fn offsets(report: &ReconcileReport, language: Language) -> Vec<Row> {
    let of = |partition: &ReconciledPartition| {
        let number = |name, value| Cell::number(language, name, value);
        let lost = report
            .gaps
            .iter()
            .filter(|gap| gap.stream == partition.stream && gap.partition == partition.partition);
        let log = partition.log;
        let rest = vec![
            number("log_start", log.map(|log| log.start.0)),
            number("log_end", log.map(|log| log.end.0)),
            number("next", Some(partition.next.0)),
            number("archived", partition.archived.map(|next| next.0)),
            number("covered", Some(partition.covered.0)),
            number("sealed_generations", Some(partition.sealed_generations)),
            wrong(number("holes", Some(lost.count() as u64))),
        ];
        row(partition, language, rest)
    };
    report.partitions.iter().map(of).collect()
}

fn became(report: &ReconcileReport, language: Language) -> Vec<Row> {
    let of = |partition: &ReconciledPartition| {
        let number = |name, value| Cell::number(language, name, Some(value));
        let rest = vec![
            number("accepted", partition.accepted),
            number("rejected", partition.rejected),
            number("dead_letters", partition.dead_letters),
            number("duplicates", partition.duplicates),
            wrong(number("differences", partition.differences)),
        ];
        row(partition, language, rest)
    };
    report.partitions.iter().map(of).collect()
}

/// Anything but none stands out.
fn wrong(cell: Cell) -> Cell {
    match &cell.figure {
        Some((_, value)) if value != "0" => cell.with_class("bad"),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_model::api::AsOf;
    use comptoir_model::api::reconcile::LogBounds;
    use comptoir_model::ids::{Offset, Partition, StreamId};
    use jiff::Timestamp;

    fn report() -> ReconcileReport {
        ReconcileReport {
            verdict: String::new(),
            complete: true,
            fresh_through: None,
            records: 1300,
            differences: Vec::new(),
            partitions: vec![ReconciledPartition {
                stream: StreamId("till".to_owned()),
                partition: Partition(2),
                next: Offset(1300),
                archived: None,
                log: Some(LogBounds {
                    start: Offset(7),
                    end: Offset(1301),
                }),
                covered: Offset(1000),
                sealed_generations: 3,
                accepted: 1200,
                rejected: 60,
                dead_letters: 59,
                duplicates: 40,
                differences: 1,
            }],
            gaps: Vec::new(),
            unchecked: Vec::new(),
            full: None,
            as_of: AsOf {
                time: Timestamp::UNIX_EPOCH,
                offsets: Vec::new(),
            },
        }
    }

    fn shown(rows: &[Row]) -> Vec<(&str, &str)> {
        let cells = rows[0].cells.iter();
        cells
            .map(|cell| (cell.shown.as_str(), cell.class))
            .collect()
    }

    #[test]
    fn what_is_not_known_is_a_dash_and_not_a_zero() {
        assert_eq!(
            shown(&offsets(&report(), Language::English)),
            [
                ("till", "code"),
                ("2", ""),
                ("7", ""),
                ("1,301", ""),
                ("1,300", ""),
                ("–", ""),
                ("1,000", ""),
                ("3", ""),
                ("0", ""),
            ]
        );
    }

    #[test]
    fn differences_stand_out() {
        let rows = became(&report(), Language::French);
        assert_eq!(shown(&rows)[2], ("1\u{202f}200", ""));
        assert_eq!(shown(&rows)[6], ("1", "bad"));
        assert_eq!(rows[0].key, "till/2");
    }
}
