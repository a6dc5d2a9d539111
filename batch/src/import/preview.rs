//! What an import would do, asked without doing any of it: no lock, no snapshot, no file.

use super::error::ImportError;
use super::incremental::{self, Before};
use super::plan::Plan;
use super::request::{ImportRequest, Selection, Source};
use super::selection;
use super::snapshot::SnapshotMode;
use super::target;
use crate::database::{Access, Database, DatabaseError, Limits, Product};
use comptoir_lake::{Lake, LakeError, published};
use comptoir_model::manifest::{Manifest, SnapshotMethod};
use jiff::Timestamp;

/// What was found, at the moment of asking.
pub(crate) struct Preview {
    pub(crate) server: String,
    pub(crate) table: String,
    pub(crate) columns: usize,
    pub(crate) estimate: Option<Estimate>,
    pub(crate) snapshot: SnapshotMethod,
    pub(crate) connections: usize,
    pub(crate) rows: PreviewRows,
    /// The conditions of the parts; `None` takes everything.
    pub(crate) cuts: Vec<Option<String>>,
    /// What lies in the target.
    pub(crate) published: Option<Manifest>,
    /// What the import would fail with.
    pub(crate) obstacle: Option<ImportError>,
}

/// Which rows an import would read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PreviewRows {
    /// All that are asked for.
    Selected,
    /// Of those, the ones that an incremental import takes, counted.
    New { condition: String, count: u64 },
    /// An incremental import would find nothing new.
    None,
}

/// By the server's own statistics, of the whole table: they can be old, and are often wrong by half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Estimate {
    pub(crate) rows: u64,
    /// As the server stores them.
    pub(crate) bytes: u64,
}

/// As of `now`, on which the age of an incremental import's gaps depends.
pub(crate) async fn preview(
    source: &Source,
    lake: &Lake,
    request: &ImportRequest,
    now: Timestamp,
) -> Result<Preview, ImportError> {
    let limits = Limits::default();
    let mut database = Database::connect(&source.url, &source.login, Access::Read, limits).await?;
    let plan = Plan::of(&mut database, request).await?;
    let connections = plan.workers(request);
    let (snapshot, refused) = snapshot(&mut database, connections, request.snapshot).await?;
    let rows = rows(&mut database, lake, request, &plan, now).await?;
    let cuts = match &rows {
        PreviewRows::Selected => plan.cuts(&mut database, request).await?,
        PreviewRows::New { condition, .. } => {
            let narrowed = request.narrowed(condition);
            plan.cuts(&mut database, &narrowed).await?
        }
        PreviewRows::None => Vec::new(),
    };
    let estimate = match request.selection {
        Selection::Table { .. } => estimate(&mut database, &plan.table.name).await?,
        Selection::Query(_) => None,
    };
    let server = database.server.clone();
    database.close().await;
    let published = match published::open(lake, &request.target).await {
        Ok(run) => run.map(|run| run.manifest().clone()),
        Err(LakeError::Unpublished { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let obstacle = match target::ensure_free(lake, request).await {
        Ok(()) => refused,
        Err(error) => Some(error),
    };
    Ok(Preview {
        server,
        table: plan.table.name,
        columns: plan.columns.len(),
        estimate,
        snapshot,
        connections: match snapshot {
            SnapshotMethod::Single => 1,
            _ => connections,
        },
        rows,
        cuts,
        published,
        obstacle,
    })
}

/// As they are now: a run asks again, inside its snapshot.
async fn rows(
    database: &mut Database,
    lake: &Lake,
    request: &ImportRequest,
    plan: &Plan,
    now: Timestamp,
) -> Result<PreviewRows, ImportError> {
    let Some(wanted) = &request.incremental else {
        return Ok(PreviewRows::Selected);
    };
    let before = Before::of(lake, request).await?;
    let asked = incremental::begin(database, request, wanted, &plan.table).await?;
    let window = asked.window(database, request, &before, &plan.table, now);
    let Some(window) = window.await? else {
        return Ok(PreviewRows::None);
    };
    let selected = request.selection.narrowed(&window.condition);
    Ok(PreviewRows::New {
        count: selection::count(database, &selected, &plan.table).await?,
        condition: window.condition,
    })
}

/// By the rights of the user; whether nobody's statement is in the way only a run can tell.
async fn snapshot(
    database: &mut Database,
    connections: usize,
    mode: SnapshotMode,
) -> Result<(SnapshotMethod, Option<ImportError>), DatabaseError> {
    let product = database.product();
    if connections <= 1 || product == Product::Sqlite {
        return Ok((SnapshotMethod::Single, None));
    }
    if mode == SnapshotMode::Off {
        return Ok((SnapshotMethod::Separate, None));
    }
    let reload = "SELECT COUNT(*) FROM information_schema.user_privileges \
                  WHERE privilege_type = 'RELOAD' AND REPLACE(grantee, '''', '') = CURRENT_USER()";
    if number(database, "asking for one's rights", reload).await? > 0 {
        return Ok((SnapshotMethod::Frozen, None));
    }
    if product == Product::MariaDb
        && number(database, "asking for the binary log", "SELECT @@log_bin").await? == 1
    {
        return Ok((SnapshotMethod::Compared, None));
    }
    let refused = (mode == SnapshotMode::Require).then(|| ImportError::NoCommonSnapshot {
        reason: "the user lacks the right RELOAD".to_owned(),
    });
    Ok((SnapshotMethod::Single, refused))
}

/// About how many rows an import of a whole table will read; `None` where nothing tells.
pub(super) async fn expected_rows(
    database: &mut Database,
    request: &ImportRequest,
    plan: &Plan,
) -> Result<Option<u64>, DatabaseError> {
    let Selection::Table { filter: None, .. } = request.selection else {
        return Ok(None);
    };
    let estimate = estimate(database, &plan.table.name).await?;
    Ok(estimate.map(|estimate| estimate.rows))
}

/// `None` of views, and of servers that keep no statistics.
async fn estimate(database: &mut Database, table: &str) -> Result<Option<Estimate>, DatabaseError> {
    if database.product() == Product::Sqlite {
        return Ok(None);
    }
    let what = "asking for the size of the table";
    let sql = format!(
        "SELECT table_rows, data_length FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND table_name = '{}'",
        table.replace('\\', "\\\\").replace('\'', "''")
    );
    let rows = database.fetch_all(what, &sql).await?;
    let mut numbers = [None, None];
    for (index, number) in numbers.iter_mut().enumerate() {
        let text = database.text(what, rows.first(), index)?;
        *number = text.and_then(|text| text.parse().ok());
    }
    Ok(match numbers {
        [Some(rows), Some(bytes)] => Some(Estimate { rows, bytes }),
        _ => None,
    })
}

async fn number(database: &mut Database, what: &str, sql: &str) -> Result<u64, DatabaseError> {
    let rows = database.fetch_all(what, sql).await?;
    let text = database.text(what, rows.first(), 0)?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}
