//! The first rows of a Parquet file that is not too large to be read as a whole.

use axum::body::Bytes;
use comptoir_lake::{Entry, Lake, LakeError};
use comptoir_model::api::lake::{LakeTable, NotRead};
use jiff::{SignedDuration, Timestamp};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

const FILE_BYTES_MAX: u64 = 8 << 20;
const ROWS_MAX: usize = 50;
const CELL_CHARS_MAX: usize = 120;
/// Sinks and views write such files under their own names, within minutes. On HDFS the time of one
/// that is open is that of its creation.
const OPEN_AT_MOST: SignedDuration = SignedDuration::from_mins(10);

/// Why there are none, where it was not read.
pub(super) async fn look(
    lake: &Lake,
    entry: &Entry,
    now: Timestamp,
) -> Result<Result<LakeTable, NotRead>, LakeError> {
    let is_on_hdfs = lake.url_of(&entry.path).starts_with("hdfs:");
    if is_on_hdfs && now.duration_since(entry.modified) < OPEN_AT_MOST {
        return Ok(Err(NotRead::MayBeOpen));
    }
    if entry.length > FILE_BYTES_MAX {
        return Ok(Err(NotRead::TooLarge));
    }
    let bytes = lake.read(&entry.path).await?;
    // Decoding takes its time, and panics at types that nobody writes.
    let read = tokio::task::spawn_blocking(move || rows(bytes)).await;
    Ok(read.ok().and_then(Result::ok).ok_or(NotRead::Binary))
}

fn rows(bytes: Bytes) -> Result<LakeTable, ParquetError> {
    let reader = SerializedFileReader::new(bytes)?;
    let about = reader.metadata().file_metadata();
    let columns = about.schema().get_fields().iter();
    let columns = columns.map(|column| column.name().to_owned()).collect();
    let total_rows = u64::try_from(about.num_rows()).unwrap_or_default();
    let rows = reader.get_row_iter(None)?.take(ROWS_MAX).map(|row| {
        let row = row?;
        Ok(row
            .get_column_iter()
            .map(|(_, field)| cell(field))
            .collect())
    });
    Ok(LakeTable {
        columns,
        rows: rows.collect::<Result<_, ParquetError>>()?,
        total_rows,
    })
}

fn cell(field: &Field) -> Option<String> {
    let text = match field {
        Field::Null => return None,
        Field::Str(text) => text.clone(),
        field => field.to_string(),
    };
    Some(match text.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    })
}
