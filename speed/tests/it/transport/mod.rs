//! Both transports: one contract, and what only one of them has to keep.

mod contract;
mod groups;
mod jsonl;
mod kafka;
mod world;
