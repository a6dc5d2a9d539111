//! The measurements of `compose/bench speed`, which starts the services and builds the programs.
//!
//! One topic is read again and again: counted only, judged as well, by the views sink into two
//! warehouses, by the archive sink, and by both; batch views are computed over what was archived, and
//! sinks are killed. Each run is a process of its own, so that its processor time and memory are its own.
//! Then events are produced at a steady rate, and each one is awaited on the page's stream.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

mod archived;
mod latency;
mod process;
mod reading;

use process::{Finished, Run, run_program};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one run may take.
const RUN_MAX: Duration = Duration::from_mins(20);

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What the script says, by the environment.
pub(crate) struct Bench {
    brokers: String,
    rows: u64,
    /// Of the archive that a view is computed over; 0 leaves it out.
    view_rows: u64,
    latency_seconds: u32,
    /// With the programs.
    programs: PathBuf,
    /// For `SQLite` and logs; empty at first.
    scratch: PathBuf,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // As the benchmark starts itself.
    if let [work, brokers, topic, rows] = arguments.as_slice()
        && let Ok(work) = work.parse()
    {
        return reading::run(work, brokers, topic, rows.parse()?);
    }
    let [rows, view_rows, latency_seconds, scratch] = arguments.as_slice() else {
        return Err("arguments: ROWS VIEW_ROWS SECONDS SCRATCH; see compose/bench".into());
    };
    let example = std::env::current_exe()?;
    let programs = example.parent().and_then(Path::parent);
    let bench = Bench {
        brokers: variable("COMPTOIR_KAFKA_BOOTSTRAP")?,
        rows: rows.parse()?,
        view_rows: view_rows.parse()?,
        latency_seconds: latency_seconds.parse()?,
        programs: programs.ok_or("the programs lie two levels up")?.to_owned(),
        scratch: PathBuf::from(scratch),
    };
    bench.catch_up()?;
    if bench.view_rows > 0 {
        bench.view_of_many()?;
    }
    if bench.latency_seconds > 0 {
        latency::measure(&bench)?;
    }
    Ok(())
}

pub(crate) fn variable(name: &str) -> Result<String> {
    std::env::var(name).map_err(|_| format!("{name} is not set: source the services' env").into())
}

impl Bench {
    fn catch_up(&self) -> Result<()> {
        let topic = format!("bench_{}", std::process::id());
        self.make(&topic)?;
        println!(
            "\n{:<24} {:>10} {:>8} {:>12} {:>9} {:>10} {:>8}",
            "", "events/s", "ratio", "CPU s/1e6", "ratio", "RSS MiB", "rows"
        );
        let first = self.read("count", &topic)?;
        self.print("count only", &first, &first);
        self.print("+ verdict", &self.read("verdict", &topic)?, &first);
        self.print("+ tally", &self.read("tally", &topic)?, &first);
        let sqlite = format!("sqlite:{}", self.scratch.join("bench.db").display());
        self.print("views sink, SQLite", &self.sink(&topic, &sqlite)?, &first);
        let mariadb = variable("BENCH_MARIADB_URL")?;
        self.print("views sink, MariaDB", &self.sink(&topic, &mariadb)?, &first);
        self.archive(&topic, &first)
    }

    /// A topic of all events.
    pub(crate) fn make(&self, topic: &str) -> Result<()> {
        let rows = self.rows.to_string();
        let made = self.simulate(topic, &["--fast", "--rate", "2000", "--rows", &rows])?;
        println!(
            "made: {} events of {} bytes in {:.1} s ({:.0}/s)",
            self.rows,
            made.bytes / self.rows,
            made.wall.as_secs_f64(),
            self.per_second(made.wall)
        );
        Ok(())
    }

    pub(crate) fn print(&self, name: &str, run: &Finished, first: &Finished) {
        let rate = self.per_second(run.wall);
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let cpu = |run: &Finished| run.cpu.as_secs_f64() * 1e6 / self.rows as f64;
        println!(
            "{name:<24} {rate:>10.0} {:>8.2} {:>12.2} {:>9.1} {:>10} {:>8}",
            rate / self.per_second(first.wall),
            cpu(run),
            cpu(run) / cpu(first),
            run.rss_mib,
            run.rows.map_or(String::new(), |rows| rows.to_string()),
        );
    }

    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn per_second(&self, wall: Duration) -> f64 {
        self.rows as f64 / wall.as_secs_f64()
    }

    /// This program again, reading.
    pub(crate) fn read(&self, mode: &str, topic: &str) -> Result<Finished> {
        let rows = self.rows.to_string();
        let mut run = Run::start(
            &std::env::current_exe()?,
            &[mode, &self.brokers, topic, &rows],
            &[],
        )?;
        run.await_line("done")?;
        run.finish()
    }

    fn sink(&self, topic: &str, warehouse: &str) -> Result<Finished> {
        let mut sink = self.views(topic, warehouse)?;
        let metrics = sink.metrics_address()?;
        let total = |page: &str, name: &str| process::sum_of(page, name);
        let page = process::poll(RUN_MAX, || {
            let page = process::get(&metrics, "/metrics")?;
            Ok((total(&page, "comptoir_views_records_total") >= self.rows).then_some(page))
        })?;
        let mut finished = sink.finish()?;
        finished.rows = Some(total(&page, "comptoir_views_rows_total"));
        Ok(finished)
    }

    pub(crate) fn views(&self, topic: &str, warehouse: &str) -> Result<Run> {
        Run::start(
            &self.programs.join("comptoir-speed"),
            &["views", "--listen", "127.0.0.1:0"],
            &self.settings(topic, Some(warehouse)),
        )
    }

    pub(crate) fn simulate(&self, topic: &str, arguments: &[&str]) -> Result<process::Made> {
        let arguments = [&["simulate", "--steady", "--catalog", "erp"], arguments].concat();
        run_program(
            &self.programs.join("comptoir-speed"),
            &arguments,
            &self.settings(topic, None),
        )
    }

    /// As environment variables.
    pub(crate) fn settings(&self, topic: &str, warehouse: Option<&str>) -> Vec<(String, String)> {
        let data_dir = self.scratch.join("data").display().to_string();
        let mut settings = vec![
            ("COMPTOIR_DATA_DIR", data_dir),
            ("COMPTOIR_TRANSPORT_URL", format!("kafka:{}", self.brokers)),
            ("COMPTOIR_TRANSPORT_TOPIC", topic.to_owned()),
            ("COMPTOIR_TRANSPORT_PARTITIONS", "4".to_owned()),
            (
                "COMPTOIR_SPEED_GROUP",
                format!("{topic}_{}", warehouse.map_or(0, str::len)),
            ),
            ("COMPTOIR_LOG_FILE", "none".to_owned()),
        ];
        settings.extend(warehouse.map(|url| ("COMPTOIR_WAREHOUSE_URL", url.to_owned())));
        let owned = |(name, value): (&str, String)| (name.to_owned(), value);
        settings.into_iter().map(owned).collect()
    }
}
