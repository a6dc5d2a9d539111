//! A textfile for the collector of Prometheus' node exporter.
//!
//! One file can be shared by many runs: each replaces the samples of its own job and leaves the
//! others as they are. After a failure the time of the last success stays.

use super::summary::RunSummary;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

const LAST_SUCCESS: &str = "comptoir_job_last_success_timestamp_seconds";

/// Name, what it is; in the order of the file.
const METRICS: [(&str, &str); 7] = [
    (LAST_SUCCESS, "When the job last ended well."),
    (
        "comptoir_job_last_run_timestamp_seconds",
        "When the job last ended, however it did.",
    ),
    (
        "comptoir_job_last_run_exit_code",
        "How it ended: 0 done, 1 failed, 2 usage, 3 empty, 4 locked, 5 invalid, 6 source unreachable, 7 lake unreachable.",
    ),
    (
        "comptoir_job_last_run_duration_seconds",
        "How long it took, with all tries.",
    ),
    ("comptoir_job_last_run_attempts", "How often it was tried."),
    (
        "comptoir_job_rows",
        "How many rows the last success published.",
    ),
    (
        "comptoir_job_bytes",
        "How many bytes the last success published.",
    ),
];

/// Of the last success, which a failure leaves standing.
const OF_SUCCESS: [&str; 3] = [LAST_SUCCESS, "comptoir_job_rows", "comptoir_job_bytes"];

/// Replaces the file in one step: a scrape sees the old or the new one.
pub(super) fn update(path: &Path, summary: &RunSummary) -> std::io::Result<()> {
    let before = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        before => before?,
    };
    // The collector reads `*.prom` only.
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}", std::process::id()));
    let mut file = std::fs::File::create(&unfinished)?;
    file.write_all(updated(&before, summary).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

/// The text with this run in it.
fn updated(before: &str, summary: &RunSummary) -> String {
    let job = escaped(&summary.job);
    let label = format!("{{job=\"{job}\"}}");
    let ended = seconds(summary.ended_at);
    let is_done = summary.complaint().is_none();
    let report = summary.report().filter(|_| is_done);
    let value = |name: &str| match name {
        "comptoir_job_last_run_timestamp_seconds" => Some(ended.clone()),
        "comptoir_job_last_run_exit_code" => Some(summary.exit().code().to_string()),
        "comptoir_job_last_run_duration_seconds" => Some(summary.seconds().to_string()),
        "comptoir_job_last_run_attempts" => Some(summary.attempts.to_string()),
        LAST_SUCCESS => is_done.then(|| ended.clone()),
        "comptoir_job_rows" => report.map(|report| report.rows.to_string()),
        "comptoir_job_bytes" => report.map(|report| report.bytes.to_string()),
        _ => None,
    };
    let mut text = String::new();
    for (name, help) in METRICS {
        let own = format!("{name}{label} ");
        let stays = |line: &&str| {
            let is_own = line.starts_with(&own);
            line.starts_with(&format!("{name}{{"))
                && (!is_own || (!is_done && OF_SUCCESS.contains(&name)))
        };
        let mut samples: Vec<String> = before.lines().filter(stays).map(str::to_owned).collect();
        samples.extend(value(name).map(|value| format!("{own}{value}")));
        if samples.is_empty() {
            continue;
        }
        samples.sort();
        let samples = samples.join("\n");
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{samples}")
            .expect("a String takes everything");
    }
    text
}

fn seconds(moment: jiff::Timestamp) -> String {
    format!("{}.{:03}", moment.as_second(), moment.subsec_millisecond())
}

fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::super::summary::{Outcome, ViewsReport};
    use super::*;
    use crate::cli::Exit;
    use crate::import::ImportReport;
    use comptoir_model::ids::RunId;
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn summary(job: &str, second: i64, outcome: Outcome) -> RunSummary {
        RunSummary {
            job: job.to_owned(),
            started_at: at(second - 2),
            ended_at: at(second),
            attempts: 1,
            outcome,
        }
    }

    fn done(job: &str, second: i64) -> RunSummary {
        let report = ImportReport {
            run: RunId::parse("r1").unwrap(),
            imported_at: at(second),
            rows: 7,
            bytes: 70,
            parts: 1,
            ambiguous_rows: 0,
            quarantined_rows: 0,
            broken_rules: Vec::new(),
            incremental: None,
            location: "file:///l/t".to_owned(),
        };
        summary(job, second, Outcome::Done(report))
    }

    fn failed(job: &str, second: i64) -> RunSummary {
        let message = "no".to_owned();
        let exit = Exit::SourceUnreachable;
        summary(job, second, Outcome::Failed { message, exit })
    }

    #[test]
    fn each_metric_has_its_words_once_and_a_sample_a_job() {
        let text = updated(&updated("", &done("b", 100)), &done("a", 200));
        assert!(
            text.starts_with(
                "# HELP comptoir_job_last_success_timestamp_seconds When the job last ended well.\n\
                 # TYPE comptoir_job_last_success_timestamp_seconds gauge\n\
                 comptoir_job_last_success_timestamp_seconds{job=\"a\"} 200.000\n\
                 comptoir_job_last_success_timestamp_seconds{job=\"b\"} 100.000\n"
            ),
            "{text}"
        );
        assert!(text.contains("comptoir_job_rows{job=\"a\"} 7\n"), "{text}");
        assert!(text.contains("comptoir_job_last_run_duration_seconds{job=\"b\"} 2\n"));
        assert_eq!(text.matches("# TYPE").count(), METRICS.len());
        assert_eq!(updated(&text, &done("a", 200)), text);
    }

    #[test]
    fn a_failure_leaves_the_last_success_standing() {
        let text = updated(&updated("", &done("a", 100)), &failed("a", 200));
        for line in [
            "comptoir_job_last_success_timestamp_seconds{job=\"a\"} 100.000\n",
            "comptoir_job_last_run_timestamp_seconds{job=\"a\"} 200.000\n",
            "comptoir_job_last_run_exit_code{job=\"a\"} 6\n",
            "comptoir_job_rows{job=\"a\"} 7\n",
        ] {
            assert_eq!(text.matches(line).count(), 1, "{line}: {text}");
        }
        let never = updated("", &failed("a", 200));
        assert!(!never.contains(LAST_SUCCESS), "{never}");
    }

    #[test]
    fn a_job_of_views_has_no_rows_and_a_last_success() {
        let views = |second, exit| {
            let report = ViewsReport {
                exit,
                said: "x".to_owned(),
                views: Vec::new(),
            };
            summary("a", second, Outcome::Views(report))
        };
        // It was an import before.
        let text = updated(&updated("", &done("a", 100)), &views(200, Exit::Done));
        let text = updated(&text, &views(300, Exit::Invalid));
        for line in [
            "comptoir_job_last_success_timestamp_seconds{job=\"a\"} 200.000\n",
            "comptoir_job_last_run_timestamp_seconds{job=\"a\"} 300.000\n",
            "comptoir_job_last_run_exit_code{job=\"a\"} 5\n",
        ] {
            assert_eq!(text.matches(line).count(), 1, "{line}: {text}");
        }
        assert!(!text.contains("comptoir_job_rows"), "{text}");
    }

    #[test]
    fn the_file_is_replaced_and_nothing_stays_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("comptoir.prom");
        update(&path, &done("a\"b", 1)).unwrap();
        update(&path, &done("a\"b", 2)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches("{job=\"a\\\"b\"}").count(), METRICS.len());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
