//! What a broken HDFS does to callers, on a real one of our own that may be stopped and killed.

mod cluster;
mod namenode;
mod writer;
