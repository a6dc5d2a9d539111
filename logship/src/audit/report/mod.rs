//! The report of an audit as a page: self-contained, without scripts, made to be printed on A4.
//!
//! Every text in it that comes from a log, a file name or a host goes through the template's escaping,
//! and before that through `visible`; the page forbids itself to load or run anything.

mod sources;
mod text;

use super::verify::Report;
use crate::archive::signature::PublicKey;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use text::{shown_time, visible};

const STYLE: &str = include_str!("report.css");

/// What the page says besides what was found.
#[derive(Clone, Debug)]
pub struct Preface {
    pub made_at: Timestamp,
    /// The host on which it was made.
    pub made_on: String,
    /// The lines that were asked for.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// The key that the auditor has of the log.
    pub public_key: Option<PublicKey>,
    /// Who signs the page.
    pub signed_by: PublicKey,
}

/// The bytes of the page. They begin with `<!DOCTYPE html>`, as no other file that is signed does.
pub fn page(preface: &Preface, reports: &[Report]) -> String {
    let findings: usize = reports.iter().map(|report| report.findings.len()).sum();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="viewport" content="width=device-width";
                title { "Audit of the log archive, " (shown_time(preface.made_at)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Audit of the log archive" }
                (verdict(findings))
                (facts(preface, reports))
                (sources::summary(reports))
                @for report in reports { (sources::source(report)) }
                (signature(preface))
            }
        }
    };
    page.into_string()
}

fn verdict(findings: usize) -> Markup {
    let (class, words) = match findings {
        0 => ("verdict whole", "Nothing is missing or altered.".to_owned()),
        1 => ("verdict damaged", "There is one finding.".to_owned()),
        _ => ("verdict damaged", format!("There are {findings} findings.")),
    };
    html! { p class=(class) { (words) } }
}

fn facts(preface: &Preface, reports: &[Report]) -> Markup {
    let archives = reports.iter().filter_map(|report| {
        let parent = report.location.rsplit_once('/')?.0;
        Some(parent.to_owned())
    });
    let mut archives: Vec<String> = archives.collect();
    archives.sort();
    archives.dedup();
    let period = match (preface.from, preface.to) {
        (None, None) => "all".to_owned(),
        (from, to) => {
            let shown =
                |time: Option<Timestamp>, open: &str| time.map_or(open.to_owned(), shown_time);
            format!(
                "{} to {}",
                shown(from, "the beginning"),
                shown(to, "the end")
            )
        }
    };
    html! {
        table class="facts" {
            @for archive in &archives { tr { th { "Archive" } td { (visible(archive)) } } }
            tr { th { "Lines asked for" } td { (period) } }
            tr { th { "Checked with the key" } td {
                @match preface.public_key {
                    Some(key) => code { (key) },
                    None => "none that the auditor has: whoever wrote the archive anew is not seen",
                }
            } }
            tr { th { "Made" } td {
                (shown_time(preface.made_at)) " on " (visible(&preface.made_on))
                " by comptoir-logship " (env!("CARGO_PKG_VERSION"))
            } }
        }
    }
}

fn signature(preface: &Preface) -> Markup {
    html! {
        section {
            h2 { "This page" }
            p {
                "Its signature lies beside it, in the file that ends in " code { ".sig" }
                ": Ed25519, of all bytes of the page, by the key "
                code { (preface.signed_by) } ". To check it:"
            }
            pre {
                "openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -in PAGE.html -sigfile PAGE.html.sig"
            }
        }
    }
}

#[cfg(test)]
mod tests;
