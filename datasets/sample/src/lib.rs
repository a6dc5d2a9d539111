//! The seeded generator of sales_data_sample.csv.
