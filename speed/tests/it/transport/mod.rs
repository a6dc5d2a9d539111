//! Both transports: one contract, and what only one of them has to keep.

mod broker;
mod command;
mod contract;
mod groups;
mod jsonl;
mod kafka;
mod outages;
mod world;
