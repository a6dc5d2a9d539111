//! What the page weighs, for the person who builds it.

use crate::assets::Asset;
use crate::dist::Written;
use anyhow::Context;
use std::fmt::Write;
use std::fs;
use std::path::Path;

pub(crate) fn of(out: &Path, assets: &[Asset], written: Written) -> anyhow::Result<String> {
    let mut table = format!(
        "{:<36} {:>10} {:>10} {:>10}\n",
        "file", "bytes", "brotli", "gzip"
    );
    let mut total = [0; 3];
    for asset in assets {
        let sizes = [
            asset.content.len() as u64,
            size_of(&out.join(format!("{}.br", asset.name)))?,
            size_of(&out.join(format!("{}.gz", asset.name)))?,
        ];
        for (sum, size) in total.iter_mut().zip(sizes) {
            *sum += size;
        }
        line(&mut table, &asset.name, sizes)?;
    }
    line(&mut table, "total", total)?;
    let state = match written {
        Written::Something => "written to",
        Written::Nothing => "nothing changed in",
    };
    writeln!(table, "{state} {}", out.display())?;
    Ok(table)
}

fn line(table: &mut String, name: &str, [raw, brotli, gzip]: [u64; 3]) -> std::fmt::Result {
    writeln!(table, "{name:<36} {raw:>10} {brotli:>10} {gzip:>10}")
}

fn size_of(path: &Path) -> anyhow::Result<u64> {
    let metadata = fs::metadata(path).with_context(|| format!("look at {}", path.display()))?;
    Ok(metadata.len())
}
