//! The speed layer: live transactions.
