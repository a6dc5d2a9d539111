//! Settings of every process, read once and checked before any IO; logging and the clock.
//!
//! Defaults, `comptoir.toml`, `.env`, `COMPTOIR_*` variables and flags, each beating the one before.
//! Stage one ([`RawSettings`]) notes what was written where, stage two ([`Settings::resolve`])
//! checks it; both are pure, and only [`Settings::load`] reads files and the environment.

pub mod clock;
pub mod fault;

mod address;
mod app_log;
mod args;
mod check;
mod database_url;
mod error;
mod host;
mod key;
mod lake_url;
mod logging;
mod raw;
mod secret;
mod settings;
mod sources;
mod stop;
mod transport_url;

pub use address::{Address, AddressError};
pub use app_log::OpenError;
pub use args::ConfigArgs;
pub use database_url::{DatabaseUrl, DatabaseUrlError, Properties};
pub use error::{ConfigError, Fault, Faults, Origin};
pub use host::host_name;
pub use key::{Key, nearest};
pub use lake_url::{LakeUrl, LakeUrlError};
pub use logging::{LoggingError, init_logging, init_logging_to};
pub use raw::RawSettings;
pub use secret::{Secret, SecretError, read_secret_file};
pub use settings::{
    ARCHIVE_KEEP_DAYS_MIN, ArchiveSettings, ErpSettings, HealthSettings, ImportSettings,
    JobsSettings, LakeSettings, LogSettings, LogshipSettings, ReconcileSettings, Settings, Shop,
    SpeedSettings, TransportSettings, ViewsSettings, WarehouseSettings, WebSettings,
};
pub use sources::{FILE_NAME, Sources};
pub use stop::stopped;
pub use transport_url::{TransportUrl, TransportUrlError};
