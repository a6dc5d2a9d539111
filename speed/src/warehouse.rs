//! The warehouse that the settings name.

use comptoir_config::{SecretError, WarehouseSettings, read_secret_file};
use comptoir_warehouse::{Limits, Login, Warehouse};
use std::time::Duration;

/// A server on the same network answers sooner; what takes longer is tried again.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    statement: Duration::from_secs(20),
    row: Duration::from_secs(20),
};

pub(crate) fn of(settings: &WarehouseSettings) -> Result<Warehouse, SecretError> {
    let password = (settings.password_file.as_deref())
        .map(read_secret_file)
        .transpose()?;
    let login = Login {
        username: settings.username.clone(),
        password,
    };
    Ok(Warehouse::new(settings.url.clone(), login, LIMITS))
}
