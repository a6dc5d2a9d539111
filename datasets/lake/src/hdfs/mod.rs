//! HDFS through hdfs-native.

mod client;
mod close;
mod error;
mod file;
mod names;

pub(crate) use client::{Hdfs, HdfsUrl};
pub(crate) use file::{Reader, Writer};
