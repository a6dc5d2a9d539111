//! CSV files by RFC 4180 with a line of names: rows are counted. Values have no checksum, because
//! CSV does not tell NULL from the empty text.

use super::lake_bytes::LakeBytes;
use crate::encode::Total;
use comptoir_model::row_checksum::{CanonicalForm, RowChecksum};
use csv::{ByteRecord, ReaderBuilder};

/// For threads that may wait.
pub(super) fn total(file: &LakeBytes, forms: &[CanonicalForm]) -> Result<Total, String> {
    let mut csv = ReaderBuilder::new().from_reader(file.stream(0));
    let columns = csv.byte_headers().map_err(|error| error.to_string())?.len();
    if columns != forms.len() {
        let expected = forms.len();
        return Err(format!("it has {columns} columns, {expected} are expected"));
    }
    let (mut rows, mut record) = (0, ByteRecord::new());
    while (csv.read_byte_record(&mut record)).map_err(|error| error.to_string())? {
        rows += 1;
    }
    Ok(Total {
        rows,
        checksum: RowChecksum::default(),
    })
}
