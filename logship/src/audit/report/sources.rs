//! What the page says of each source.

use super::text::{grouped, shown_time, shown_times, visible};
use crate::audit::contents::{Contents, Sums};
use crate::audit::verify::{Proved, Report};
use maud::{Markup, html};

/// Of the files, the newest; the months have them all.
const FILES_MAX: usize = 200;

pub(super) fn summary(reports: &[Report]) -> Markup {
    html! {
        table {
            thead { tr {
                th { "Source" } th { "Verdict" } th { "Proved up to" } th class="number" { "Segments" }
                th class="number" { "Lines" } th class="number" { "Bytes" }
                th class="number" { "Gaps" } th class="number" { "Expired bytes" }
            } }
            tbody {
                @for report in reports {
                    @let all = report.contents.all;
                    tr {
                        td { (visible(&report.source)) }
                        td { (short_verdict(report)) }
                        td { (report.proved.sealed_at.map_or("nothing".to_owned(), shown_time)) }
                        (numbers(all.segments, all.lines, all.bytes))
                        td class="number" { (grouped(report.contents.gaps.len() as u64)) }
                        td class="number" { (grouped(all.expired_bytes)) }
                    }
                }
            }
        }
    }
}

pub(super) fn source(report: &Report) -> Markup {
    let contents = &report.contents;
    html! {
        section class="source" {
            h2 { (visible(&report.source)) }
            (facts(report))
            (findings(report))
            @if !contents.months.is_empty() { (months(contents)) (files(contents)) }
            (gaps(contents))
            @if !contents.tombstones.is_empty() { (expired(contents)) }
            h3 { "What this does not prove" }
            ul {
                @for note in &report.notes { li { (visible(note)) } }
                li { "that whoever has the log's private key, or could write to the log on its host, told the truth" }
            }
        }
    }
}

fn short_verdict(report: &Report) -> String {
    match report.findings.len() {
        0 => "whole".to_owned(),
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    }
}

fn facts(report: &Report) -> Markup {
    let (contents, proved) = (&report.contents, &report.proved);
    html! {
        table class="facts" {
            tr { th { "Directory" } td { (visible(&report.location)) } }
            @for host in &proved.hosts { tr { th { "Host" } td { (visible(host)) } } }
            tr { th { "Lines" } td { (shown_times(contents.from, contents.to)) } }
            tr { th { "Proved" } td { (proved_to(proved)) } }
            @if let Some(head) = contents.head {
                tr { th { "Head of the chain" } td {
                    "manifest " (head.number.0) " of " (shown_time(head.sealed_at)) ", SHA-256 "
                    code { (head.sha256) }
                } }
            }
            tr { th { "Kept heads" } td { (anchor(proved)) } }
            @for key in &proved.keys { tr { th { "Key" } td { code { (key) } } } }
            @if proved.unsealed_pieces > 0 {
                tr { th { "Not sealed yet" } td {
                    (grouped(proved.unsealed_bytes)) " bytes in " (grouped(proved.unsealed_pieces))
                    " pieces"
                } }
            }
        }
    }
}

fn proved_to(proved: &Proved) -> String {
    if proved.manifests == 0 {
        return "nothing".to_owned();
    }
    let until = (proved.until)
        .map(|until| format!(", lines up to {}", shown_time(until)))
        .unwrap_or_default();
    let sealed = (proved.sealed_at)
        .map(|at| format!(" of {}", shown_time(at)))
        .unwrap_or_default();
    format!("up to manifest {}{sealed}{until}", proved.manifests)
}

fn anchor(proved: &Proved) -> String {
    match proved.anchored {
        Some(number) => format!(
            "the one of manifest {number} says the same: nothing up to there was cut off or replaced"
        ),
        None => "none was compared".to_owned(),
    }
}

fn findings(report: &Report) -> Markup {
    html! {
        h3 { "Findings" }
        @if report.findings.is_empty() {
            p { "None." }
        } @else {
            table {
                thead { tr { th { "What" } th { "File" } th { "Where and how" } } }
                tbody {
                    @for finding in &report.findings {
                        tr class="finding" {
                            td { (finding.kind) }
                            td { (visible(&finding.file)) }
                            td { (visible(&finding.detail)) }
                        }
                    }
                }
            }
        }
    }
}

fn months(contents: &Contents) -> Markup {
    html! {
        h3 { "By month" }
        table {
            thead { tr {
                th { "Month" } th class="number" { "Segments" } th class="number" { "Lines" }
                th class="number" { "Bytes" } th class="number" { "Expired bytes" }
            } }
            tbody {
                @for (month, sums) in &contents.months {
                    tr {
                        td { (month.strftime("%Y-%m")) }
                        (all_numbers(*sums))
                    }
                }
            }
        }
    }
}

fn files(contents: &Contents) -> Markup {
    let left_out = contents.files.len().saturating_sub(FILES_MAX);
    html! {
        h3 { "Files" }
        @if left_out > 0 {
            p { "The newest " (FILES_MAX) "; " code { "audit ls" } " lists " (left_out) " older ones." }
        }
        table {
            thead { tr {
                th class="number" { "No." } th { "Name when it was found" } th { "Lines of" }
                th class="number" { "Segments" } th class="number" { "Lines" }
                th class="number" { "Bytes" } th class="number" { "Expired bytes" }
            } }
            tbody {
                @for (life, file) in contents.files.iter().skip(left_out) {
                    tr {
                        td class="number" { (life.0) }
                        td { (visible(&file.name)) }
                        td { (shown_times(file.from, file.to)) }
                        (all_numbers(file.sums))
                    }
                }
            }
        }
    }
}

fn gaps(contents: &Contents) -> Markup {
    html! {
        h3 { "Gaps" }
        @if contents.gaps.is_empty() {
            p { "None is recorded." }
        } @else {
            p { "Bytes that were lost before anybody could archive them, as the shipper recorded it." }
            table {
                thead { tr {
                    th class="number" { "File no." } th { "Name" } th class="number" { "From byte" }
                    th class="number" { "To byte" } th { "Cause" } th { "Found" }
                } }
                tbody {
                    @for (name, gap) in &contents.gaps {
                        tr {
                            td class="number" { (gap.life.0) }
                            td { (visible(name)) }
                            td class="number" { (grouped(gap.from)) }
                            td class="number" { (gap.to.map_or("unknown".to_owned(), grouped)) }
                            td { (gap.cause) }
                            td { (shown_time(gap.found_at)) }
                        }
                    }
                }
            }
        }
        @if contents.unsealed_gaps > 0 {
            p { (grouped(contents.unsealed_gaps)) " further gap records are not sealed yet." }
        }
    }
}

fn expired(contents: &Contents) -> Markup {
    html! {
        h3 { "Expired" }
        p { "Deleted because of their age, and signed for by an entry of the chain each." }
        table {
            thead { tr {
                th { "Entry" } th { "Signed" } th { "All written before" }
                th class="number" { "Segments" } th class="number" { "Lines" } th class="number" { "Bytes" }
            } }
            tbody {
                @for (number, tombstone) in &contents.tombstones {
                    tr {
                        td { "manifest " (number.0) }
                        td { (shown_time(tombstone.at)) }
                        td { (shown_time(tombstone.before)) }
                        (numbers(tombstone.sums.segments, tombstone.sums.lines, tombstone.sums.bytes))
                    }
                }
            }
        }
    }
}

fn all_numbers(sums: Sums) -> Markup {
    html! {
        (numbers(sums.segments, sums.lines, sums.bytes))
        td class="number" { (grouped(sums.expired_bytes)) }
    }
}

fn numbers(segments: u64, lines: u64, bytes: u64) -> Markup {
    html! {
        @for number in [segments, lines, bytes] { td class="number" { (grouped(number)) } }
    }
}
