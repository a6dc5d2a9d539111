//! Against real databases and lakes: SQLite with a local directory, MariaDB and MySQL with HDFS.

mod import_command;
mod import_consistency;
mod import_crash;
mod import_refusals;
mod import_values;
mod services;
mod world;
