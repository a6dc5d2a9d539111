//! The result of a check, for people and for programs.

use crate::check::Tally;
use comptoir_model::event::Contribution;
use comptoir_model::money::Currency;
use serde_json::json;
use std::io::{self, Write};

pub(crate) fn print_text(tally: &Tally, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "accepted {:>20}", tally.accepted())?;
    for (status, events) in tally.by_status() {
        writeln!(out, "  {status:<10} {events:>16}")?;
    }
    writeln!(out, "rejected {:>20}", tally.rejected())?;
    for (reason, records) in tally.by_reason() {
        writeln!(out, "  {reason:<18} {records:>8}")?;
    }
    if !tally.by_currency().is_empty() {
        writeln!(
            out,
            "\ncurrency {:>20} {:>20} {:>20}",
            "gross", "refunds", "net"
        )?;
    }
    for (currency, [gross, refunds, net]) in totals(tally) {
        writeln!(
            out,
            "{:<8} {gross:>20} {refunds:>20} {net:>20}",
            currency.as_str()
        )?;
    }
    Ok(())
}

/// Amounts are decimal strings, so that no reader takes them for floats.
pub(crate) fn print_json(tally: &Tally, out: &mut dyn Write) -> io::Result<()> {
    let by_currency: Vec<_> = totals(tally)
        .map(|(currency, [gross, refunds, net])| {
            json!({ "currency": currency, "gross": gross, "refunds": refunds, "net": net })
        })
        .collect();
    let by_status: serde_json::Map<_, _> = tally
        .by_status()
        .map(|(status, events)| (status.as_str().to_owned(), events.into()))
        .collect();
    let report = json!({
        "accepted": tally.accepted(),
        "rejected": tally.rejected(),
        "by_status": by_status,
        "by_reason": tally.by_reason(),
        "by_currency": by_currency,
    });
    writeln!(out, "{report}")
}

/// Gross, refunds and net of each currency, with at least two decimals.
fn totals(tally: &Tally) -> impl Iterator<Item = (Currency, [String; 3])> {
    tally.by_currency().iter().map(|(currency, total)| {
        let Contribution {
            gross,
            refunds,
            net,
        } = total;
        (
            *currency,
            [gross, refunds, net].map(|money| format!("{:.2}", money.amount)),
        )
    })
}
