//! The original sales sample, whose licence keeps it out of the repository: its known totals, from
//! every database through the lake to the API. `compose/test reference` runs these.

use crate::launcher::Up;
use crate::real_services::{OwnPlaces, Server};
use crate::recomputed::assert_shows;
use comptoir_batch::database::{Access, Database, Limits, Login};
use comptoir_batch::load::{LoadRequest, load};
use std::path::{Path, PathBuf};

fn original() -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/sales_data_sample.csv");
    assert!(path.is_file(), "{} is missing", path.display());
    path
}

async fn load_original(database: &mut Database, table: &str) {
    let request = LoadRequest {
        file: original(),
        table: table.to_owned(),
        ..Default::default()
    };
    load(database, &request, &indicatif::ProgressBar::hidden())
        .await
        .unwrap();
}

async fn assert_totals(up: &Up) {
    let figures = up.summary().await.figures;
    assert_eq!(
        (figures.lines, figures.orders, figures.customers),
        (2823, 307, 92)
    );
    assert_eq!(figures.sales.amount.to_string(), "10032628.85");
    assert_shows(up, &original()).await;
}

#[tokio::test]
#[ignore = "reads ../shared: run by compose/test reference"]
async fn the_totals_arrive_from_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join(".comptoir/erp.db").display());
    let (login, limits) = (Login::default(), Limits::default());
    let mut database = Database::connect(&url.parse().unwrap(), &login, Access::Write, limits)
        .await
        .unwrap();
    load_original(&mut database, "sales").await;
    assert_totals(&Up::start(&dir, &[], &[]).await).await;
}

#[tokio::test]
#[ignore = "reads ../shared: run by compose/test reference"]
async fn the_totals_arrive_from_mariadb() {
    assert_arrive_from(Server::MariaDb).await;
}

#[tokio::test]
#[ignore = "reads ../shared: run by compose/test reference"]
async fn the_totals_arrive_from_mysql() {
    assert_arrive_from(Server::MySql).await;
}

async fn assert_arrive_from(server: Server) {
    let own = OwnPlaces::new(server, "reference");
    load_original(&mut own.database().await, &own.table).await;
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(&dir, &own.settings(), &[]).await;
    assert_totals(&up).await;
    assert!(up.end_by("TERM").await.success());
    own.remove().await;
}
