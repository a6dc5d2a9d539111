//! The page, built for wasm32 by web/build-ui.
