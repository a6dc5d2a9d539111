use super::*;
use crate::archive::names::{Epoch, LifeNumber};
use crate::archive::records::{EndCause, Gap, VERSION};
use crate::archive::signature::SigningKey;
use crate::audit::contents::{Contents, File};
use crate::audit::verify::Proved;
use crate::audit::{Finding, FindingKind};

const NASTY: &str = "<img src=x onerror=alert(1)>'\"&\u{202e}\u{1b}.log";

fn preface() -> Preface {
    Preface {
        made_at: Timestamp::UNIX_EPOCH,
        made_on: NASTY.to_owned(),
        from: None,
        to: None,
        public_key: None,
        signed_by: SigningKey::from_seed(&[1; 32]).unwrap().public_key(),
    }
}

/// Wherever a name can come from, it is this one.
fn report() -> Report {
    let gap = Gap {
        version: VERSION,
        life: LifeNumber(1),
        epoch: Epoch(1),
        from: 8210,
        to: None,
        cause: EndCause::Truncated,
        found_at: Timestamp::UNIX_EPOCH,
    };
    let file = File {
        name: NASTY.to_owned(),
        ..File::default()
    };
    Report {
        source: NASTY.to_owned(),
        location: format!("file:///archive/{NASTY}"),
        is_intact: false,
        findings: vec![Finding::new(FindingKind::Altered, NASTY, NASTY)],
        proved: Proved {
            hosts: [NASTY.to_owned()].into(),
            ..Proved::default()
        },
        notes: vec![NASTY.to_owned()],
        contents: Contents {
            files: [(LifeNumber(1), file)].into(),
            months: [(
                jiff::civil::date(2026, 11, 1),
                crate::audit::contents::Sums::default(),
            )]
            .into(),
            gaps: vec![(NASTY.to_owned(), gap)],
            ..Contents::default()
        },
    }
}

#[test]
fn nothing_from_a_name_is_ever_html() {
    let page = page(&preface(), &[report()]);
    assert!(page.starts_with("<!DOCTYPE html>"));
    let escaped = "&lt;img src=x onerror=alert(1)&gt;'&quot;&amp;\\u{202e}\\u{1b}.log";
    // In the summary, its own part, twice its address, host, file, gap, finding, note, and the maker.
    assert!(page.matches(escaped).count() >= 9, "{page}");
    assert!(!page.contains("<img"), "{page}");
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
    // Of elements that load or run something, there are none.
    for forbidden in [
        "<script", "<img", "<link", "<iframe", "<object", "src=\"", "href=", "url(",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_verdict_counts_the_findings_of_all_sources() {
    let whole = Report {
        findings: Vec::new(),
        ..report()
    };
    let verdict = |reports: &[Report]| {
        let page = page(&preface(), reports);
        let (_, rest) = page.split_once("<p class=\"verdict").unwrap();
        rest.split_once("</p>").unwrap().0.to_owned()
    };
    assert!(verdict(std::slice::from_ref(&whole)).ends_with("Nothing is missing or altered."));
    assert!(verdict(&[whole, report()]).ends_with("There is one finding."));
    assert!(verdict(&[report(), report()]).ends_with("There are 2 findings."));
}
