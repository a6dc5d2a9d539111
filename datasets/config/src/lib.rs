//! Settings of every process, read once and checked before any IO; logging and the clock.
