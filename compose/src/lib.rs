//! The launcher: the whole platform in one process, doctor, lake tools.
