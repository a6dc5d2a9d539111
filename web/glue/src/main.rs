//! Makes the page's files out of the compiled WASM: JavaScript glue, hashed names, compressed
//! copies. `web/build-ui` calls it; a run over unchanged input writes nothing.

mod assets;
mod bindings;
mod dist;
mod table;

use anyhow::{Context, bail};
use assets::Asset;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match run(&arguments) {
        Ok(report) => {
            // Nobody is left to tell when stderr is closed.
            drop(std::io::Write::write_all(
                &mut std::io::stderr(),
                report.as_bytes(),
            ));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let text = format!("error: {error:#}\n");
            drop(std::io::Write::write_all(
                &mut std::io::stderr(),
                text.as_bytes(),
            ));
            ExitCode::FAILURE
        }
    }
}

/// Gives back the table of files and sizes.
fn run(arguments: &[PathBuf]) -> anyhow::Result<String> {
    let [wasm, source, out] = arguments else {
        bail!("three arguments are needed: WASM SOURCE_DIRECTORY OUTPUT_DIRECTORY");
    };
    let assets = page(wasm, source)?;
    let written = dist::write(out, &assets)?;
    table::of(out, &assets, written)
}

/// Every file of the page, each naming the others by their final names.
fn page(wasm: &Path, source: &Path) -> anyhow::Result<Vec<Asset>> {
    let read = |name: &str| {
        let path = source.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
    };
    let bindings = bindings::of(wasm)?;
    let wasm = Asset::hashed("app", "_bg.wasm", bindings.wasm);
    let start = read("start.js")?.replace("{{wasm}}", &wasm.name);
    let app = Asset::hashed(
        "app",
        ".js",
        format!("{}\n{start}", bindings.js).into_bytes(),
    );
    let boot = Asset::hashed("boot", ".js", read("boot.js")?.into_bytes());
    let style = Asset::hashed("style", ".css", read("style.css")?.into_bytes());
    let icon = Asset::hashed("icon", ".svg", read("icon.svg")?.into_bytes());
    let mut index = read("index.html")?;
    for (place, asset) in [
        ("{{app}}", &app),
        ("{{wasm}}", &wasm),
        ("{{boot}}", &boot),
        ("{{style}}", &style),
        ("{{icon}}", &icon),
    ] {
        if !index.contains(place) {
            bail!(
                "{}: {place} is missing",
                source.join("index.html").display()
            );
        }
        index = index.replace(place, &asset.name);
    }
    let index = Asset::named("index.html", index.into_bytes());
    Ok(vec![index, boot, style, icon, app, wasm])
}
