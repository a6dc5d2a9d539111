//! The files of `compose/cron`: what an operator copies has to work as it is.

use clap::Parser;
use comptoir_batch::cli::{Cli, Command as Tool, line};
use comptoir_batch::jobs::{JobBook, parse};
use std::path::{Path, PathBuf};
use std::process::Command;

fn cron(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../compose/cron")
        .join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(cron(name)).unwrap()
}

/// The words behind the program's name, up to a redirection.
fn tool_of(text: &str) -> Tool {
    let (_, words) = text
        .split_once("comptoir-batch ")
        .expect("a line that calls the program");
    let words = words
        .split_whitespace()
        .take_while(|word| !word.starts_with('>'));
    let words = std::iter::once("comptoir-batch")
        .chain(words)
        .map(Into::into);
    Cli::try_parse_from(line(words).unwrap()).unwrap().command
}

#[test]
fn the_jobs_can_be_read_with_the_example_that_is_commented_out() {
    let jobs = text("jobs.toml");
    let (words, example) = jobs.split_once("# [jobs.products]").unwrap();
    let example = example.replace("\n# ", "\n");
    for jobs in [jobs.clone(), format!("{words}[jobs.products]{example}")] {
        let path = Path::new("jobs.toml");
        JobBook::new(path, parse(path, &jobs).unwrap()).unwrap();
    }
}

#[cfg(feature = "views")]
#[test]
fn crontab_keeps_the_views_fresh() {
    use comptoir_batch::views::ViewsAction;
    let crontab = text("crontab");
    let line = crontab
        .lines()
        .find(|line| line.contains("comptoir-batch views"));
    let Tool::Views(views) = tool_of(line.unwrap()) else {
        panic!("{line:?}")
    };
    let all_that_changed = matches!(
        views.action,
        ViewsAction::Run { names, if_changed: true, .. } if names.is_empty()
    );
    assert!(all_that_changed, "{line:?}");
}

#[test]
fn crontab_and_service_run_all_jobs() {
    let crontab = text("crontab");
    let service = text("comptoir-import.service");
    let crontab = crontab
        .lines()
        .find(|line| line.contains(" -- comptoir-batch"));
    let service = service.lines().find(|line| line.starts_with("ExecStart="));
    for line in [crontab.unwrap(), service.unwrap()] {
        let Tool::Run(run) = tool_of(line) else {
            panic!("{line}")
        };
        assert!(run.all, "{line}");
        assert_eq!(
            run.file.jobs.as_deref(),
            Some(Path::new("/etc/comptoir/jobs.toml"))
        );
    }
}

#[test]
fn the_dag_is_python_and_its_command_is_ours() {
    let code = "import ast, sys; ast.parse(open(sys.argv[1]).read())";
    let path = cron("airflow_dag.py");
    let python = Command::new("python3")
        .args(["-c", code])
        .arg(&path)
        .output();
    let python = python.expect("python3\nhint: apt-get install python3");
    assert!(
        python.status.success(),
        "{}",
        String::from_utf8_lossy(&python.stderr)
    );
    let dag = text("airflow_dag.py");
    let command = dag
        .lines()
        .find_map(|line| line.trim().strip_prefix("bash_command=f\""));
    let command = command
        .unwrap()
        .replace("{JOBS_FILE}", "j.toml")
        .replace("{job}\",", "sales");
    let Tool::Job(job) = tool_of(&command) else {
        panic!("{command}")
    };
    assert_eq!(job.action.exec.as_deref(), Some("sales"));
}

#[test]
fn systemd_takes_services_and_timer() {
    let directory = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_comptoir-batch");
    let names = [
        "comptoir-import.service",
        "comptoir-import.timer",
        "comptoir-jobs.service",
    ];
    let paths = names.map(|name| directory.path().join(name));
    for (name, path) in names.iter().zip(&paths) {
        let unit = text(name).replace("/usr/local/bin/comptoir-batch", program);
        std::fs::write(path, unit).unwrap();
    }
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .args(&paths)
        .output();
    let verified = verified.expect("systemd-analyze\nhint: apt-get install systemd");
    let complaints = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(
        verified.status.success() && complaints.is_empty(),
        "{complaints}"
    );
}
