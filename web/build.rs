//! Puts the built page (`ui/dist`, made by `web/build-ui`) into the server as a table of its files,
//! each with the compressed copies that lie beside it. Without a built page the table is empty.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One file of the page and its copies.
#[derive(Default)]
struct Files {
    identity: Option<PathBuf>,
    brotli: Option<PathBuf>,
    gzip: Option<PathBuf>,
}

fn main() -> Result<(), String> {
    let var = |name| std::env::var_os(name).ok_or(format!("cargo did not set {name}"));
    let ui = PathBuf::from(var("CARGO_MANIFEST_DIR")?).join("ui");
    let dist = ui.join("dist");
    let mut files = BTreeMap::new();
    // A missing path would make cargo run this at every build; its parent changes when it appears.
    let watched = if dist.is_dir() {
        collect(&dist, "", &mut files).map_err(|error| format!("{}: {error}", dist.display()))?;
        dist
    } else {
        ui
    };
    println!("cargo::rerun-if-changed={}", watched.display());
    let out = PathBuf::from(var("OUT_DIR")?).join("assets.rs");
    fs::write(&out, table(&files)?).map_err(|error| format!("{}: {error}", out.display()))
}

fn collect(dir: &Path, url: &str, files: &mut BTreeMap<String, Files>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A file that is being written.
        if name.starts_with('.') {
            continue;
        }
        let url = format!("{url}/{name}");
        if path.is_dir() {
            collect(&path, &url, files)?;
        } else if let Some(url) = url.strip_suffix(".br") {
            files.entry(url.to_owned()).or_default().brotli = Some(path);
        } else if let Some(url) = url.strip_suffix(".gz") {
            files.entry(url.to_owned()).or_default().gzip = Some(path);
        } else {
            files.entry(url).or_default().identity = Some(path);
        }
    }
    Ok(())
}

fn table(files: &BTreeMap<String, Files>) -> Result<String, String> {
    let mut table = String::from("&[\n");
    for (url, files) in files {
        let identity = (files.identity.as_deref()).ok_or(format!(
            "ui/dist{url} is missing beside its compressed copy: run web/build-ui"
        ))?;
        let bytes = |path: &Path| format!("include_bytes!({:?})", path.to_string_lossy());
        let copy = |path: &Option<PathBuf>| match path {
            Some(path) => format!("Some({})", bytes(path)),
            None => "None".to_owned(),
        };
        let _infallible = writeln!(
            table,
            "Asset {{ path: {url:?}, content_type: {:?}, identity: {}, brotli: {}, gzip: {} }},",
            content_type(url)?,
            bytes(identity),
            copy(&files.brotli),
            copy(&files.gzip),
        );
    }
    table.push(']');
    Ok(table)
}

/// Sent with `nosniff`, so that a guess at run time would not do.
fn content_type(url: &str) -> Result<&'static str, String> {
    let extension = url.rsplit_once('.').map_or("", |(_, extension)| extension);
    Ok(match extension {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => {
            return Err(format!(
                "ui/dist{url}: unknown extension: name its type in web/build.rs"
            ));
        }
    })
}
