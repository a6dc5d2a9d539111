//! The parts of `compose/bench logship` that a shell is too slow for: a log to ship, and the delay
//! from a line that is written to its acknowledgement.

mod delay;
mod lines;

use delay::Load;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["lines", count] => lines::print(count.parse()?),
        ["delay", log, address, lines_per_second, seconds] => delay::print(&Load {
            log: PathBuf::from(log),
            address: (*address).to_owned(),
            lines_per_second: lines_per_second.parse()?,
            duration: Duration::from_secs(seconds.parse()?),
        }),
        _ => Err("arguments: lines COUNT, or delay LOG ADDRESS LINES_PER_SECOND SECONDS".into()),
    }
}
