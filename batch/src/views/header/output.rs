//! Where the result of a view goes, as its header says it. Pure.

use crate::views::error::HeaderFault;
use comptoir_model::view_result::is_identifier;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) enum Output {
    /// To the warehouse alone: no other view can read it.
    Warehouse,
    /// To the lake, and to the warehouse where it is served.
    Lake(LakeOutput),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) struct LakeOutput {
    pub(in crate::views) format: Format,
    /// The view's own name among the results where there is none.
    pub(in crate::views) place: Option<Place>,
    pub(in crate::views) serving: Serving,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) enum Format {
    Parquet,
    Csv,
    Delta(Days),
}

/// How the files of a Delta table lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) enum Days {
    Together,
    /// By this column, a date.
    By {
        column: String,
        /// The source of events of which a day's rows are made: only days with news are computed.
        incremental: Option<String>,
    },
}

/// A directory of a layer of the lake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::views) struct Place {
    pub(in crate::views) layer: Layer,
    pub(in crate::views) name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::views) enum Layer {
    /// Rows of the archive, cleaned.
    Silver,
    /// Answers.
    Gold,
}

/// Whether the API has the rows, which bounds how many there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::views) enum Serving {
    #[default]
    Served,
    InTheLakeOnly,
}

impl Default for Output {
    fn default() -> Self {
        Self::Lake(LakeOutput {
            format: Format::Parquet,
            place: None,
            serving: Serving::default(),
        })
    }
}

/// The lines that are about the output.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) output: Option<String>,
    pub(super) partition_by: Option<String>,
    pub(super) incremental: Option<String>,
    pub(super) served: Option<String>,
}

impl Lines {
    pub(super) fn output(self) -> Result<Output, HeaderFault> {
        let text = self.output.unwrap_or("parquet".to_owned());
        let bad = || HeaderFault::Output(text.clone());
        let (format, place) = match text.split_once(' ') {
            None => (text.as_str(), None),
            Some((format, place)) => (format, Some(Place::parse(place).ok_or_else(bad)?)),
        };
        let serving = match self.served.as_deref() {
            None => Serving::default(),
            Some("yes") => Serving::Served,
            Some("no") => Serving::InTheLakeOnly,
            Some(other) => return Err(HeaderFault::Served(other.to_owned())),
        };
        let days = match (self.partition_by, self.incremental) {
            (None, None) => Days::Together,
            (Some(column), incremental) if is_identifier(&column) => Days::By {
                column,
                incremental,
            },
            (Some(column), _) => return Err(HeaderFault::PartitionColumn(column)),
            (None, Some(_)) => return Err(HeaderFault::IncrementalWithoutDays),
        };
        let format = match (format, days) {
            ("delta", days) => Format::Delta(days),
            ("parquet" | "csv" | "warehouse", Days::By { .. }) => {
                return Err(HeaderFault::DaysOfFiles);
            }
            ("parquet", Days::Together) => Format::Parquet,
            ("csv", Days::Together) => Format::Csv,
            ("warehouse", Days::Together) if place.is_none() => {
                return match serving {
                    Serving::Served => Ok(Output::Warehouse),
                    Serving::InTheLakeOnly => Err(HeaderFault::Nowhere),
                };
            }
            _ => return Err(bad()),
        };
        Ok(Output::Lake(LakeOutput {
            format,
            place,
            serving,
        }))
    }
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (layer, name) = text.trim().split_once('/')?;
        let layer = match layer {
            "silver" => Layer::Silver,
            "gold" => Layer::Gold,
            _ => return None,
        };
        is_identifier(name).then(|| Self {
            layer,
            name: name.to_owned(),
        })
    }
}
