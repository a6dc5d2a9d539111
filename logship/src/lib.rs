//! The log shipper, the successor of Apache Flume.
