//! From the bytes of an import's parts to every answer about it. Pure.

use comptoir_model::api::{AsOf, HistoryBy, HistorySummary, ImportInfo, PartInfo};
use comptoir_model::history::{Dimension, FilteredGroups, History, HistoryFilter, HistoryLines};
use comptoir_model::manifest::Manifest;
use comptoir_model::money::{Currency, MoneyError};
use comptoir_model::sales::{SalesError, SalesLayout, SalesLine};
use comptoir_model::text_format::{ColumnKind, TextError};

/// So many lines take about 64 MB.
pub(crate) const FILTERED_MAX: usize = 1_000_000;

/// An import whose parts can't be turned into figures. A retry can't help: it needs a new import.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the table is not a sales table: {0}")]
    Columns(SalesError),
    #[error("{part}, {source}")]
    Text { part: String, source: TextError },
    #[error("{part}, record {record}, {source}")]
    Row {
        part: String,
        /// Counted from 1.
        record: u64,
        source: SalesError,
    },
    #[error("{part}, record {record}: {source}")]
    Sum {
        part: String,
        record: u64,
        source: MoneyError,
    },
    #[error("{part}: {found} rows were found, the manifest promises {promised}")]
    Rows {
        part: String,
        found: u64,
        promised: u64,
    },
}

impl Unreadable {
    /// What cures it.
    pub(crate) fn cure(&self) -> &'static str {
        match self {
            Self::Columns(_) => "import the table with the columns of datasets/README.md",
            Self::Row { .. } | Self::Sum { .. } => {
                "correct the row in the ERP and import again; `comptoir lake cat` shows the part"
            }
            Self::Text { .. } | Self::Rows { .. } => {
                "import again with `comptoir-batch import`; `comptoir lake cat` shows the part"
            }
        }
    }
}

/// Adds up an import part by part.
#[derive(Debug)]
pub(crate) struct Reading {
    manifest: Manifest,
    kinds: Vec<ColumnKind>,
    layout: SalesLayout,
    history: History,
    /// `None` once there are too many.
    lines: Option<HistoryLines>,
}

impl Reading {
    /// `manifest` is of an import whose rows can be told apart.
    pub(crate) fn begin(manifest: Manifest, currency: Currency) -> Result<Self, Unreadable> {
        let names: Vec<_> = manifest.columns.iter().map(|column| &column.name).collect();
        Ok(Self {
            layout: SalesLayout::of(&names, currency).map_err(Unreadable::Columns)?,
            kinds: manifest.columns.iter().map(|column| column.kind).collect(),
            history: History::new(currency),
            lines: Some(HistoryLines::new(currency)),
            manifest,
        })
    }

    /// Adds a part whose length and checksum were found right.
    pub(crate) fn add(&mut self, part: &PartInfo, bytes: &[u8]) -> Result<(), Unreadable> {
        let name = || part.name.clone();
        let mut record = 0;
        for values in self.manifest.format.decode(bytes, &self.kinds) {
            record += 1;
            let values = values.map_err(|source| Unreadable::Text {
                part: name(),
                source,
            })?;
            let line = self
                .layout
                .read(&values)
                .map_err(|source| Unreadable::Row {
                    part: name(),
                    record,
                    source,
                })?;
            self.history.add(&line).map_err(|source| Unreadable::Sum {
                part: name(),
                record,
                source,
            })?;
            keep(&mut self.lines, &line);
        }
        if record == part.rows {
            return Ok(());
        }
        Err(Unreadable::Rows {
            part: name(),
            found: record,
            promised: part.rows,
        })
    }

    /// `location` is the published directory, as a URL of the lake.
    pub(crate) fn finish(self, location: String) -> HistoryView {
        let Self {
            manifest,
            history,
            lines,
            ..
        } = self;
        let as_of = AsOf {
            time: manifest.imported_at,
            offsets: Vec::new(),
        };
        let import = ImportInfo {
            rows: manifest.rows(),
            bytes: manifest.bytes(),
            run: manifest.run,
            table: manifest.source.table,
            imported_at: manifest.imported_at,
            location,
            parts: manifest.parts,
        };
        let by = Dimension::ALL.map(|dimension| HistoryBy {
            dimension,
            groups: history.by(dimension),
            other_keys: Vec::new(),
            as_of: as_of.clone(),
            import: import.clone(),
            stale: None,
        });
        let summary = HistorySummary {
            figures: history.summary(),
            period: history.period(),
            import_period: None,
            as_of,
            import,
            stale: None,
        };
        HistoryView { summary, by, lines }
    }
}

fn keep(kept: &mut Option<HistoryLines>, line: &SalesLine) {
    if kept
        .as_ref()
        .is_some_and(|lines| lines.len() >= FILTERED_MAX)
    {
        *kept = None;
    }
    if let Some(lines) = kept {
        lines.add(line);
    }
}

/// Every answer about one import. The sets that distinct counts need are gone; its lines are kept
/// for filters, up to [`FILTERED_MAX`].
#[derive(Debug)]
pub(crate) struct HistoryView {
    summary: HistorySummary,
    /// In the order of [`Dimension::ALL`].
    by: [HistoryBy; Dimension::ALL.len()],
    /// What filters are answered from.
    lines: Option<HistoryLines>,
}

/// Why filters can't be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfiltered {
    #[error(
        "the import has more than {} lines, which filters are not for",
        FILTERED_MAX
    )]
    TooManyLines,
    #[error(transparent)]
    Sum(#[from] MoneyError),
}

impl HistoryView {
    pub(crate) fn import(&self) -> &ImportInfo {
        &self.summary.import
    }

    /// Of the lines that fit.
    pub(crate) fn summary(&self, filter: &HistoryFilter) -> Result<HistorySummary, Unfiltered> {
        let whole = self.summary.clone();
        if filter.is_empty() {
            return Ok(whole);
        }
        let (figures, period) = self.lines()?.summary(filter)?;
        Ok(HistorySummary {
            figures,
            period,
            import_period: whole.period,
            ..whole
        })
    }

    /// Of the lines that fit.
    pub(crate) fn by(
        &self,
        dimension: Dimension,
        filter: &HistoryFilter,
    ) -> Result<HistoryBy, Unfiltered> {
        let whole = &self.by[dimension as usize];
        if filter.is_empty() {
            return Ok(whole.clone());
        }
        let FilteredGroups { groups, other_keys } = self.lines()?.by(filter, dimension)?;
        Ok(HistoryBy {
            dimension,
            groups,
            other_keys,
            as_of: whole.as_of.clone(),
            import: whole.import.clone(),
            stale: None,
        })
    }

    fn lines(&self) -> Result<&HistoryLines, Unfiltered> {
        self.lines.as_ref().ok_or(Unfiltered::TooManyLines)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use comptoir_model::file_format::FileFormat;
    use comptoir_model::ids::RunId;
    use comptoir_model::manifest::{Appended, Column, MANIFEST_VERSION, SourceInfo, SourceRows};
    use comptoir_model::sales::SALES_COLUMNS;
    use comptoir_model::text_format::TextFormat;

    const PART: &str = "part-m-00000";

    fn manifest(run: &str, rows: u64) -> Manifest {
        Manifest {
            version: MANIFEST_VERSION,
            run: RunId::parse(run).unwrap(),
            source: SourceInfo {
                url: "sqlite:erp.db".to_owned(),
                table: "sales".to_owned(),
                rows: SourceRows::All,
                server: "SQLite".to_owned(),
            },
            imported_at: jiff::Timestamp::UNIX_EPOCH,
            files: FileFormat::default(),
            format: TextFormat::lossless(),
            columns: SALES_COLUMNS
                .map(|name| Column {
                    name: name.to_owned(),
                    sql_type: "text".to_owned(),
                    kind: ColumnKind::Text,
                    canonical: None,
                })
                .into(),
            parts: vec![PartInfo {
                name: PART.to_owned(),
                rows,
                bytes: 0,
                sha256: String::new(),
                checksum: None,
            }],
            ambiguous_rows: 0,
            lossy_nulls: 0,
            snapshot: None,
            quarantine: Vec::new(),
            quality: Vec::new(),
            appended: Appended::default(),
            incremental: None,
            arguments: Vec::new(),
        }
    }

    fn record(sales: &str) -> String {
        let values = SALES_COLUMNS.map(|column| match column {
            "ORDERNUMBER" | "ORDERLINENUMBER" => "1",
            "SALES" => sales,
            "ORDERDATE" => "2024-01-31",
            _ => "x",
        });
        values.join(",") + "\n"
    }

    fn read(manifest: Manifest, bytes: &str) -> Result<HistoryView, Unreadable> {
        let part = manifest.parts[0].clone();
        let mut reading = Reading::begin(manifest, Currency::EUR)?;
        reading.add(&part, bytes.as_bytes())?;
        Ok(reading.finish("file:///lake/sales".to_owned()))
    }

    /// A view of one line, for the tests of its neighbours.
    pub(crate) fn view(run: &str) -> HistoryView {
        read(manifest(run, 1), &record("1.00")).unwrap()
    }

    #[test]
    fn every_dimension_is_found_where_it_was_put() {
        let view = view("run");
        let all = HistoryFilter::default();
        for dimension in Dimension::ALL {
            assert_eq!(view.by(dimension, &all).unwrap().dimension, dimension);
        }
        let summary = view.summary(&all).unwrap();
        assert_eq!(summary.figures.sales.to_string(), "1.00 EUR");
    }

    #[test]
    fn names_part_record_column_and_value_of_a_bad_row() {
        let bytes = record("1.00") + &record("12.5x");
        let error = read(manifest("run", 2), &bytes).unwrap_err();
        assert_eq!(
            error.to_string(),
            "part-m-00000, record 2, column SALES: `12.5x` is not a decimal amount"
        );
    }

    #[test]
    fn names_part_and_byte_of_broken_text() {
        let error = read(manifest("run", 1), "a,b\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "part-m-00000, byte 0: the record has 2 fields, 25 are expected"
        );
    }

    #[test]
    fn a_part_must_hold_the_promised_rows() {
        let error = read(manifest("run", 2), &record("1.00")).unwrap_err();
        assert!(
            matches!(
                error,
                Unreadable::Rows {
                    found: 1,
                    promised: 2,
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn refuses_a_table_without_a_needed_column() {
        let mut other = manifest("run", 1);
        other.columns.retain(|column| column.name != "SALES");
        let error = read(other, "").unwrap_err();
        assert_eq!(
            error,
            Unreadable::Columns(SalesError::MissingColumn("SALES"))
        );
    }
}
