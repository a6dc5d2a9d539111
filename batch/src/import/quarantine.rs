//! Rows that quality rules set aside: text beside the part that they would have been in.

use super::encoding::Layout;
use super::error::ImportError;
use super::output::{Output, Unclosed};
use super::values;
use crate::database::Row;
use comptoir_lake::LakeError;
use comptoir_lake::publish::Publication;
use comptoir_model::api::PartInfo;
use comptoir_model::text_format::{ColumnKind, Encoded, TextFormat};

/// The file is made with the first row, so that an import without such rows has none.
pub(super) struct Quarantine<'a> {
    publication: &'a Publication,
    layout: &'a Layout,
    name: String,
    format: TextFormat,
    output: Option<Output>,
    rows: u64,
    scratch: Vec<u8>,
}

/// A file whose rows are all written.
pub(super) struct UnclosedQuarantine {
    file: Unclosed,
    info: PartInfo,
}

impl<'a> Quarantine<'a> {
    /// Of the part of that number.
    pub(super) fn new(publication: &'a Publication, layout: &'a Layout, index: usize) -> Self {
        Self {
            publication,
            layout,
            name: format!("_quarantine-m-{index:05}"),
            format: TextFormat::lossless(),
            output: None,
            rows: 0,
            scratch: Vec::new(),
        }
    }

    /// Appends a row, whose values start at `first`, behind the names of the rules it breaks.
    pub(super) async fn append(
        &mut self,
        row: &Row,
        first: usize,
        rules: &str,
    ) -> Result<(), ImportError> {
        let output = match &mut self.output {
            Some(output) => output,
            none => none.insert(Output::new(self.publication.create_part(&self.name).await?)),
        };
        let out = &mut output.buffer;
        let rules = Some(rules.as_bytes());
        // The one text that this format can't tell from NULL, `\N`, is set aside as what it reads.
        let (Encoded::Exact | Encoded::Ambiguous) =
            (self.format).encode(out, rules, ColumnKind::Text);
        for (index, column) in self.layout.columns.iter().enumerate() {
            out.push(self.format.field);
            let raw = self.layout.get(row, first + index, column)?;
            let text = values::text(raw, column.printer, &mut self.scratch)
                .map_err(|error| self.layout.failed(column, &error.to_string()))?;
            let (Encoded::Exact | Encoded::Ambiguous) =
                self.format.encode(out, text, ColumnKind::Text);
        }
        out.push(self.format.record);
        self.rows += 1;
        output.flush_if_full().await?;
        Ok(())
    }

    /// After the last row; `None` where no row was set aside.
    pub(super) async fn finish(self) -> Result<Option<UnclosedQuarantine>, LakeError> {
        let Some(output) = self.output else {
            return Ok(None);
        };
        let file = output.finish().await?;
        let info = PartInfo {
            name: self.name,
            rows: self.rows,
            bytes: file.bytes,
            sha256: file.sha256.clone(),
            checksum: None,
        };
        Ok(Some(UnclosedQuarantine { file, info }))
    }
}

impl UnclosedQuarantine {
    pub(super) async fn close(self) -> Result<PartInfo, LakeError> {
        self.file.close().await?;
        Ok(self.info)
    }
}
