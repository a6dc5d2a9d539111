//! The JavaScript that stands between the browser and the WASM.

use anyhow::{Context, ensure};
use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

pub(crate) struct Bindings {
    /// An ES module whose default export loads the WASM from where it is told.
    pub(crate) js: String,
    pub(crate) wasm: Vec<u8>,
}

pub(crate) fn of(wasm: &Path) -> anyhow::Result<Bindings> {
    let mut output = Bindgen::new()
        .input_path(wasm)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .typescript(false)
                .remove_name_section(true)
                .remove_producers_section(true)
                .omit_default_module_path(true)
                .generate_output()
        })
        .with_context(|| format!("make the JavaScript glue of {}", wasm.display()))?;
    // A crate without JavaScript of its own may be listed, with nothing in it.
    let inline = output
        .snippets()
        .iter()
        .filter(|(_, files)| !files.is_empty());
    let foreign: Vec<_> = inline
        .map(|(name, _)| name)
        .chain(output.local_modules().keys())
        .collect();
    ensure!(
        foreign.is_empty(),
        "{foreign:?} brings JavaScript files, which this tool does not place"
    );
    Ok(Bindings {
        js: output.js().to_owned(),
        wasm: output.wasm_mut().emit_wasm(),
    })
}
