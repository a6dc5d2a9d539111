//! The sample in the lake, and the settings that views need.

use crate::jobs_support::Ended;
use crate::world::World;
use comptoir_config::clock;
use comptoir_lake::published;
use comptoir_model::view_result::ViewName;
use comptoir_warehouse::StoredViewResult;
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// The rows of a result by the names of its columns.
pub(crate) type Rows = Vec<Map<String, Value>>;

impl World {
    /// Writes settings for views over imports beside the target, and a directory of own views.
    pub(crate) fn write_views_settings(&self, more: &str) {
        self.write_jobs("");
        let path = self.directory.path().join("comptoir.toml");
        let settings = std::fs::read_to_string(&path).unwrap();
        let mut settings = settings.replace("table = \"t\"", "table = \"sales\"");
        write!(
            settings,
            "[archive]\ndir = \"{}\"\n[views]\ndir = \"own\"\ntarget_dir = \"{root}/gold\"\n\
             silver_dir = \"{root}/silver\"\nreference_dir = \"{root}/reference\"\n{more}",
            self.bronze(),
            root = self.root
        )
        .unwrap();
        std::fs::write(path, settings).unwrap();
        std::fs::create_dir_all(self.directory.path().join("own")).unwrap();
    }

    /// Writes a view of the operator's own.
    pub(crate) fn write_view(&self, name: &str, sql: &str) {
        let path = self.directory.path().join(format!("own/{name}.sql"));
        std::fs::write(path, sql).unwrap();
    }

    pub(crate) fn batch_well(&self, arguments: &[&str]) -> Ended {
        let ended = self.batch(arguments);
        assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.stderr);
        ended
    }

    /// Loads the sample into the ERP and imports it, with these flags besides.
    pub(crate) fn import_the_sample(&self, flags: &[&str]) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/sales_data_sample.csv");
        self.batch_well(&["load", &file.display().to_string()]);
        self.import_sales(flags);
    }

    pub(crate) fn import_sales(&self, flags: &[&str]) {
        // The shipped import, of the table and to the directory of the settings.
        let mut line = vec!["import"];
        line.extend(flags);
        self.batch_well(&line);
    }

    /// Runs a view after a run of it was killed: a server needs a moment to see that.
    pub(crate) fn finish_view(&self, name: &str) {
        let deadline = clock::instant() + Duration::from_secs(30);
        loop {
            let run = self.batch(&["views", "run", name]);
            if run.code == 0 {
                return;
            }
            let is_locked = run.code == 4 && clock::instant() < deadline;
            assert!(is_locked, "{}", run.stderr);
        }
    }

    pub(crate) async fn view_result(&self, name: &str) -> Option<StoredViewResult> {
        let view = ViewName::parse(name).unwrap();
        self.warehouse().view_result(&view).await.unwrap()
    }

    /// The rows in the warehouse, in their order.
    pub(crate) async fn view_rows(&self, name: &str) -> Rows {
        let result = self.view_result(name).await.expect("a result");
        let chunks = self.warehouse().view_result_chunks(&result).await.unwrap();
        let mut rows = Vec::new();
        for chunk in chunks.expect("the rows of the result") {
            let chunk: Vec<Vec<Value>> = serde_json::from_str(&chunk).unwrap();
            for row in chunk {
                assert_eq!(row.len(), result.about.columns.len());
                let names = result
                    .about
                    .columns
                    .iter()
                    .map(|column| column.name.clone());
                rows.push(names.zip(row).collect());
            }
        }
        assert_eq!(rows.len() as u64, result.rows);
        rows
    }

    /// The run that is published in the lake, and how many rows it has.
    pub(crate) async fn gold(&self, name: &str) -> Option<(String, u64)> {
        let target = self.root.join("gold").unwrap().join(name).unwrap();
        let found = published::describe(&self.lake, &target).await.unwrap();
        found.map(|manifest| (manifest.run.to_string(), manifest.rows()))
    }
}
