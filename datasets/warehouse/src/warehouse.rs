//! The way in: where the warehouse is, and sessions for single questions.

use crate::error::{Result, WarehouseError};
use comptoir_config::DatabaseUrl;
use comptoir_database::{Limits, Login};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A warehouse. Cheap to clone; nothing is connected before the first call. Every call has a time
/// limit, and each reconnects by itself after a connection was lost.
#[derive(Clone, Debug)]
pub struct Warehouse(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) url: DatabaseUrl,
    pub(crate) login: Login,
    pub(crate) limits: Limits,
}

/// The number of the last migration that was applied; 0 before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaVersion(pub u32);

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A warehouse that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarehouseHealth {
    /// The server's product and version: `MariaDB 10.11.19`, `SQLite 3.50.2`.
    pub server: String,
    pub schema: SchemaVersion,
    /// The newest schema that this program knows.
    pub known: SchemaVersion,
}

impl Warehouse {
    pub fn new(url: DatabaseUrl, login: Login, limits: Limits) -> Self {
        Self(Arc::new(Inner { url, login, limits }))
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// Brings the schema up to date. Any number of processes may do it at once; one does the work.
    pub async fn migrate(&self) -> Result<SchemaVersion> {
        unimplemented!()
    }

    /// Connects and asks, all within `limit`. An answer with another schema than ours is an answer.
    pub async fn check(&self, limit: Duration) -> Result<WarehouseHealth> {
        let _ = limit;
        unimplemented!()
    }
}
