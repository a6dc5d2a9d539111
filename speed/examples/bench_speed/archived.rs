//! The archive sink, alone and beside the views sink, and what comes after it: recovery, and batch
//! views over what it keeps.

use super::process::{self, Finished, Run};
use super::{Bench, RUN_MAX, Result, variable};
use std::path::PathBuf;
use std::time::Duration;

/// What a view over many events may hold, of the 2 GiB that its process may take.
const VIEW_MEMORY_MB: u32 = 1536;

const SINKS: [&str; 2] = ["views", "archive"];

impl Bench {
    /// Needs a topic of all events.
    pub(crate) fn archive(&self, topic: &str, first: &Finished) -> Result<()> {
        let alone = keeping("alone", "BENCH_MARIADB_URL")?;
        let alone = self.caught_up(topic, &["archive"], &alone)?;
        self.print("archive sink, HDFS", &alone, first);
        let both = keeping("both", "BENCH_MARIADB_BOTH_URL")?;
        let two = self.caught_up(topic, &SINKS, &both)?;
        self.print("both, MariaDB and HDFS", &two, first);
        for mode in ["archive", "both"] {
            self.print(&format!("Spark, {mode}"), &self.spark(mode, topic)?, first);
        }
        for view in ["live", "event_cube"] {
            self.run_view(view, topic, &both, first)?;
        }
        self.recovery(topic)
    }

    /// The live run and a view over another, larger archive; the ratios are to counting its topic.
    pub(crate) fn view_of_many(&self) -> Result<()> {
        println!();
        let many = Self {
            rows: self.view_rows,
            brokers: self.brokers.clone(),
            programs: self.programs.clone(),
            scratch: self.scratch.clone(),
            ..*self
        };
        let topic = format!("bench_{}_many", std::process::id());
        many.make(&topic)?;
        let first = many.read("count", &topic)?;
        many.print("count only", &first, &first);
        let mut keeping = keeping("many", "BENCH_MARIADB_MANY_URL")?;
        let memory_mb = VIEW_MEMORY_MB.to_string();
        keeping.push(("COMPTOIR_VIEWS_MEMORY_MB".to_owned(), memory_mb));
        // A view over the archive reads what the live run covers, and that what both sinks have.
        let archived = many.caught_up(&topic, &SINKS, &keeping)?;
        many.print("both, MariaDB and HDFS", &archived, &first);
        for view in ["live", "event_cube"] {
            many.run_view(view, &topic, &keeping, &first)?;
        }
        Ok(())
    }

    fn start(&self, sink: &str, topic: &str, keeping: &[(String, String)]) -> Result<Run> {
        let mut settings = self.settings(topic, None);
        // The later one counts.
        settings.extend_from_slice(keeping);
        let program = self.programs.join("comptoir-speed");
        Run::start(&program, &[sink, "--listen", "127.0.0.1:0"], &settings)
    }

    /// Until each of these has had all events: the time of the last, and what they took together.
    fn caught_up(
        &self,
        topic: &str,
        sinks: &[&str],
        keeping: &[(String, String)],
    ) -> Result<Finished> {
        let mut runs = Vec::new();
        for sink in sinks {
            let mut run = self.start(sink, topic, keeping)?;
            let metrics = run.metrics_address()?;
            runs.push((*sink, run, metrics));
        }
        for (sink, _, metrics) in &runs {
            await_records(sink, metrics, self.rows)?;
        }
        let mut together = Finished::default();
        for (_, run, _) in runs {
            let one = run.finish()?;
            together.wall = together.wall.max(one.wall);
            together.cpu += one.cpu;
            together.rss_mib += one.rss_mib;
        }
        Ok(together)
    }

    /// The same jobs by Spark, until it has read the topic to its end.
    fn spark(&self, mode: &str, topic: &str) -> Result<Finished> {
        let lake = variable("BENCH_LAKE_URL")?;
        let place = format!("{lake}/bench_{}", std::process::id());
        let checkpoints = self.scratch.join(format!("spark_{mode}"));
        let (program, jars) = (
            variable("BENCH_SPARK_PROGRAM")?,
            variable("BENCH_SPARK_JARS")?,
        );
        let arguments = [
            "--master",
            "local[2]",
            "--driver-memory",
            "3g",
            "--conf",
            "spark.ui.enabled=false",
            "--conf",
            "spark.driver.host=127.0.0.1",
            "--conf",
            "spark.driver.bindAddress=127.0.0.1",
            "--jars",
            &jars,
            &program,
            mode,
            &self.brokers,
            topic,
            &place,
            &format!("file://{}", checkpoints.display()),
        ];
        let submit = PathBuf::from(variable("BENCH_SPARK_SUBMIT")?);
        let hadoop = (
            "HADOOP_CONF_DIR".to_owned(),
            variable("BENCH_HADOOP_CONF_DIR")?,
        );
        Run::start(&submit, &arguments, &[hadoop])?.ended()
    }

    fn run_view(
        &self,
        view: &str,
        topic: &str,
        keeping: &[(String, String)],
        first: &Finished,
    ) -> Result<()> {
        let mut settings = self.settings(topic, None);
        settings.extend_from_slice(keeping);
        let program = self.programs.join("comptoir-batch");
        let finished = Run::start(&program, &["views", "run", view], &settings)?.ended()?;
        self.print(&format!("views run {view}"), &finished, first);
        Ok(())
    }

    /// From a start after `kill -9`, halfway through the topic, to the first records.
    fn recovery(&self, topic: &str) -> Result<()> {
        println!();
        let keeping = keeping("killed", "BENCH_MARIADB_KILLED_URL")?;
        for sink in SINKS {
            let mut run = self.start(sink, topic, &keeping)?;
            await_records(sink, &run.metrics_address()?, self.rows / 2)?;
            drop(run);
            let begin = process::now();
            let mut again = self.start(sink, topic, &keeping)?;
            await_records(sink, &again.metrics_address()?, 1)?;
            let took: Duration = begin.elapsed();
            println!(
                "{sink} sink: from kill -9 to the next records {:.1} s",
                took.as_secs_f64()
            );
        }
        Ok(())
    }
}

/// A lake's directory and a warehouse, as settings.
fn keeping(name: &str, warehouse: &str) -> Result<Vec<(String, String)>> {
    let (lake, hadoop) = (
        variable("BENCH_LAKE_URL")?,
        variable("BENCH_HADOOP_CONF_DIR")?,
    );
    let root = format!("/bench_{}/{name}", std::process::id());
    let settings = [
        ("COMPTOIR_LAKE_URL", lake),
        ("HADOOP_CONF_DIR", hadoop),
        ("COMPTOIR_ARCHIVE_DIR", format!("{root}/bronze")),
        ("COMPTOIR_VIEWS_TARGET_DIR", format!("{root}/gold")),
        ("COMPTOIR_VIEWS_SILVER_DIR", format!("{root}/silver")),
        ("COMPTOIR_ARCHIVE_GROUP", format!("{root}_archive")),
        ("COMPTOIR_SPEED_GROUP", format!("{root}_views")),
        ("COMPTOIR_WAREHOUSE_URL", variable(warehouse)?),
    ];
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    Ok(settings.into_iter().map(owned).collect())
}

fn await_records(sink: &str, metrics: &str, records: u64) -> Result<()> {
    let counter = format!("comptoir_{sink}_records_total");
    process::poll(RUN_MAX, || {
        let page = process::get(metrics, "/metrics")?;
        Ok((process::sum_of(&page, &counter) >= records).then_some(()))
    })
}
