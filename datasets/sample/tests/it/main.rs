//! What the generator promises, and that the committed file is its output.

#[cfg(test)]
mod sample;
