//! Makes the page's files out of the compiled WASM: JavaScript glue, hashed names, compressed copies.
