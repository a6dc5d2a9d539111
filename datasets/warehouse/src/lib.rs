//! The relational database that serves the dashboard.
