//! The result of a check, for people.

use crate::check::{Levels, Tally};
use comptoir_model::app_log::Level;
use std::io::{self, Write};

pub(crate) fn print_malformed(tally: &Tally, log: &mut dyn Write) -> io::Result<()> {
    for bad in tally.first_malformed() {
        let (line, offset) = (bad.place.line, bad.place.offset);
        writeln!(log, "{}:{line}: byte {offset}: {}", bad.file, bad.fault)?;
    }
    let more = tally.malformed() - tally.first_malformed().len() as u64;
    if more > 0 {
        writeln!(log, "{more} more malformed lines")?;
    }
    Ok(())
}

pub(crate) fn print_tally(tally: &Tally, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "whole lines {:>12}", tally.whole())?;
    writeln!(out, "malformed   {:>12}", tally.malformed())?;
    let Some((earliest, latest)) = tally.span() else {
        return Ok(());
    };
    writeln!(out, "earliest    {earliest:.6}")?;
    writeln!(out, "latest      {latest:.6}")?;
    write!(out, "\n{:<32}", "component")?;
    for level in Level::ALL {
        write!(out, " {level:>9}")?;
    }
    writeln!(out)?;
    for (component, levels) in tally.by_component() {
        print_levels(component.as_str(), levels, out)?;
    }
    if *tally.other_components() != Levels::default() {
        print_levels("(others)", tally.other_components(), out)?;
    }
    Ok(())
}

fn print_levels(component: &str, levels: &Levels, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{component:<32}")?;
    for level in Level::ALL {
        write!(out, " {:>9}", levels.of(level))?;
    }
    writeln!(out)
}
