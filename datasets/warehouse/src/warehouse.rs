//! The way in: where the warehouse is, and sessions for single questions.

use crate::error::{Result, WarehouseError};
use crate::migrate;
use crate::session::Session;
use comptoir_config::{DatabaseUrl, clock};
use comptoir_database::{DatabaseError, Limits, Login};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Sessions for single questions at once; more of them wait.
const LEASES_MAX: usize = 4;

/// A warehouse. Cheap to clone; nothing is connected before the first call. Every call has a time
/// limit, and each reconnects by itself after a connection was lost.
#[derive(Clone, Debug)]
pub struct Warehouse(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) url: DatabaseUrl,
    pub(crate) login: Login,
    pub(crate) limits: Limits,
    leases: Semaphore,
    idle: Mutex<Vec<Session>>,
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
        Self(Arc::new(Inner {
            url,
            login,
            limits,
            leases: Semaphore::new(LEASES_MAX),
            idle: Mutex::default(),
        }))
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// Brings the schema up to date. Any number of processes may do it at once; one does the work.
    pub async fn migrate(&self) -> Result<SchemaVersion> {
        migrate::migrate(&self.0, clock::now()).await
    }

    /// Connects and asks, all within `limit`. An answer with another schema than ours is an answer.
    pub async fn check(&self, limit: Duration) -> Result<WarehouseHealth> {
        let asking = async {
            let mut session = Session::open_existing(&self.0).await?;
            let schema = migrate::found(&mut session).await?;
            let server = session.server().to_owned();
            session.close().await;
            Ok(WarehouseHealth {
                server,
                schema,
                known: migrate::known(),
            })
        };
        match tokio::time::timeout(limit, asking).await {
            Ok(health) => health,
            Err(_) => Err(WarehouseError::Database(DatabaseError::TimedOut {
                url: self.url().to_string(),
                what: "asking for the schema".to_owned(),
                limit,
            })),
        }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// A session for one question, from an earlier one where there is one.
    pub(crate) async fn lease(&self) -> Result<Lease<'_>> {
        let permit = (self.0.leases.acquire().await).expect("the semaphore is never closed");
        loop {
            let idle = self.idle().pop();
            let session = match idle {
                None => Session::open(&self.0).await?,
                // The server may have gone since, and even come back.
                Some(mut session) => {
                    match session.execute("asking for an answer", "SELECT 1").await {
                        Ok(()) => session,
                        Err(error) => {
                            tracing::debug!(%error, "an idle session is gone");
                            continue;
                        }
                    }
                }
            };
            return Ok(Lease {
                warehouse: self,
                session,
                _permit: permit,
            });
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The login is left to `Login`'s own way to hide its password.
impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (f.debug_struct("Warehouse"))
            .field("url", &self.url.to_string())
            .finish_non_exhaustive()
    }
}

/// A session that is thrown away unless it is given back.
pub(crate) struct Lease<'a> {
    warehouse: &'a Warehouse,
    session: Session,
    _permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    /// After everything went well and no transaction is open.
    pub(crate) fn give_back(self) {
        self.warehouse.idle().push(self.session);
    }
}

impl Deref for Lease<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}
