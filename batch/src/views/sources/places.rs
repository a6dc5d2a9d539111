//! Where imports, references and results of views lie. Pure.

use crate::views::catalog::View;
use crate::views::header::{LakeOutput, Layer, Output, Reference};
use comptoir_config::Settings;
use comptoir_lake::{LakeError, LakePath};

#[derive(Clone, Debug)]
pub(in crate::views) struct Places {
    /// The ERP's table that has a directory of its own in the settings.
    table: String,
    table_directory: LakePath,
    gold: LakePath,
    silver: LakePath,
    references: LakePath,
    pub(in crate::views) archive: LakePath,
}

impl Places {
    pub(in crate::views) fn of(settings: &Settings) -> Result<Self, LakeError> {
        let views = &settings.views;
        Ok(Self {
            table: settings.import.table.clone(),
            table_directory: LakePath::parse(&settings.import.target_dir)?,
            gold: LakePath::parse(&views.target_dir)?,
            silver: LakePath::parse(&views.silver_dir)?,
            references: LakePath::parse(&views.reference_dir)?,
            archive: LakePath::parse(&settings.archive.dir)?,
        })
    }

    /// Where the result of a view is published.
    pub(in crate::views) fn result(&self, view: &View) -> Result<LakePath, LakeError> {
        match &view.header.output {
            Output::Lake(LakeOutput {
                place: Some(place), ..
            }) => match place.layer {
                Layer::Silver => self.silver.join(&place.name),
                Layer::Gold => self.gold.join(&place.name),
            },
            _ => self.gold.join(view.name.as_str()),
        }
    }

    /// The directory of an import: they lie beside one another.
    pub(super) fn import(&self, table: &str) -> Result<LakePath, LakeError> {
        if *table == self.table {
            return Ok(self.table_directory.clone());
        }
        let parent = self.table_directory.parent();
        parent.unwrap_or_else(LakePath::root).join(table)
    }

    pub(super) fn reference(&self, reference: &Reference) -> Result<LakePath, LakeError> {
        self.references.join(&reference.name)
    }
}
