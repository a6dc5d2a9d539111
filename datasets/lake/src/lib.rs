//! One lake over HDFS and local directories: files, publication, published imports.
