//! Why a sink can't start, or can't go on.

use crate::transport::TransportError;
use comptoir_bronze::BronzeError;
use comptoir_config::SecretError;
use comptoir_lake::LakeError;
use comptoir_warehouse::WarehouseError;

#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Archive(#[from] BronzeError),
    #[error(transparent)]
    Password(#[from] SecretError),
    #[error("can't start a thread: {0}\nhint: raise the limit of threads of this user")]
    Thread(std::io::Error),
    #[error("can't serve the metrics: {0}")]
    Serve(std::io::Error),
    #[error(
        "the thread of {0} ended by a panic\nhint: this is a defect of Comptoir: report what stands above"
    )]
    Panicked(String),
}
