//! What is written, and what is refused.

use super::*;
use crate::import::SplitMethod;

fn jobs(contents: &str) -> Vec<Job> {
    parse(Path::new("/etc/jobs.toml"), contents).unwrap()
}

fn import(job: &Job) -> &ImportJob {
    match &job.work {
        Work::Import(import) => import,
        Work::Views(views) => panic!("{views:?}"),
    }
}

fn message(contents: &str) -> String {
    let jobs = parse(Path::new("/etc/jobs.toml"), contents);
    jobs.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn keys_are_flags_and_arguments_stand_before_them() {
    let jobs = jobs(
        "# by night\n[jobs.sales]\nafter = [\"customers\"]\ntable = \"sales\"\nnum-mappers = 2\n\
         delete-target-dir = true\nvalidate = false\nwhere = \"-1 < id\"\n\
         args = [\"-table\", \"x\", \"-m\", \"4\", \"-D\", \"a.b=c\"]\n[jobs.customers]\ntable = \"c\"\n",
    );
    assert_eq!(
        jobs.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(),
        ["sales", "customers"]
    );
    let sales = &jobs[0];
    assert_eq!(sales.after, [JobName::parse("customers").unwrap()]);
    assert_eq!(sales.origin.to_string(), "/etc/jobs.toml:2");
    let sales = import(sales);
    assert_eq!(
        sales.line,
        [
            "--table",
            "x",
            "-m",
            "4",
            "-D",
            "a.b=c",
            "--table=sales",
            "--num-mappers=2",
            "--delete-target-dir",
            "--where=-1 < id"
        ]
    );
    assert_eq!(sales.args.source.table.as_deref(), Some("sales"));
    assert_eq!(sales.args.split.num_mappers, Some(2));
    assert_eq!(sales.args.sqoop.property, ["a.b=c"]);
    assert!(!sales.args.source.validate);
}

#[test]
fn cuts_are_balanced_unless_the_job_says_otherwise_or_was_taken_over() {
    let method = |keys: &str| {
        import(&jobs(&format!("[jobs.a]\n{keys}"))[0])
            .args
            .split
            .splits
    };
    assert_eq!(method("table = \"t\""), SplitMethod::Balanced);
    for keys in [
        "",
        "table = \"t\"\nsplits = \"sqoop\"",
        "table = \"t\"\nsplit-limit = 9",
        "table = \"t\"\nsqoop-compat = true",
        "table = \"t\"\nargs = [\"-m\", \"4\"]",
    ] {
        assert_eq!(method(keys), SplitMethod::Sqoop, "{keys}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_one() {
    assert_eq!(
        message("[jobs.sales]\n\ntabel = \"sales\""),
        "/etc/jobs.toml:3: the job `sales` has no key `tabel`: a key is a long flag of import, \
         `after`, `args` or `views`\nhint: did you mean `table`?"
    );
    assert!(message("[jobs.a]\ntarget_dir = \"x\"").contains("`target-dir`"));
    assert!(message("[jobs.a]\nafer = []").contains("`after`"));
    for (contents, part) in [
        ("[job.a]\ntable = \"t\"", "jobs.toml:1: there is no `job`"),
        ("[jobs]\na = 1", "jobs.toml:2: there is no `jobs.a`"),
        ("[jobs.\"a/b\"]", "`a/b` can't be the name of a job"),
        ("[jobs.a]\ntable = ", "jobs.toml:2: "),
        ("[jobs.a]\nvalidate = \"yes\"", "true or false"),
        ("[jobs.a]\ntable = true", "a text or a number"),
        ("[jobs.a]\nargs = \"-m 4\"", "a list of texts"),
        (
            "[jobs.a]\ntable = \"t\"\nnum-mappers = \"x\"",
            "jobs.toml:1: the job `a`: invalid value 'x'",
        ),
        ("[jobs.a]\nquiet = true", "run a --quiet"),
        ("[jobs.a]\nargs = [\"--config\", \"x\"]", "--config"),
        ("[jobs.a]\nhbase-table = [1]", "a text or a number"),
    ] {
        let message = message(contents);
        assert!(message.contains(part), "{contents}: {message}");
    }
}

#[test]
fn a_password_is_refused_and_not_repeated() {
    for contents in [
        "[jobs.a]\ntable = \"t\"\npassword = \"hunter2\"",
        "[jobs.a]\nargs = [\"--password\", \"hunter2\"]",
        "[jobs.a]\nargs = [\"-password=hunter2\"]",
        "[jobs.a]\nargs = [\"-P\"]",
    ] {
        let message = message(contents);
        assert!(message.contains("password-file"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn a_job_can_run_views() {
    let jobs = jobs(
        "[jobs.figures]\nviews = [\"live\", \"customer_value\"]\nafter = [\"sales\"]\n\
         if-changed = true\nretries = 4\nretry-pause = 10\n[jobs.sales]\n[jobs.all]\nviews = \"all\"\n",
    );
    let views = |job: &Job| match &job.work {
        Work::Views(views) => views.clone(),
        Work::Import(import) => panic!("{import:?}"),
    };
    let figures = views(&jobs[0]);
    assert_eq!(jobs[0].after, [JobName::parse("sales").unwrap()]);
    assert_eq!(figures.views, ["live", "customer_value"]);
    assert!(figures.if_changed);
    let pauses = figures.retries.retries().map(|pause| pause.as_secs());
    assert_eq!(pauses.collect::<Vec<_>>(), [10, 40, 160, 300]);
    let all = views(&jobs[2]);
    assert!(all.views.is_empty() && !all.if_changed);
}

#[test]
fn a_job_of_views_takes_no_keys_of_an_import() {
    assert_eq!(
        message("[jobs.figures]\nviews = \"all\"\ntable = \"sales\""),
        "/etc/jobs.toml:3: the job `figures` runs views, and `table` is none of its keys: these are \
         `views`, `after`, `if-changed`, `retries` and `retry-pause`\n\
         hint: write an import as a job of its own, and name that in `after`"
    );
    for (contents, part) in [
        ("views = \"all\"\nretires = 3", "did you mean `retries`?"),
        ("views = \"al\"", "\"all\" or a list of names"),
        ("views = []", "\"all\" or a list of names"),
        ("views = [1]", "a list of texts"),
        (
            "if-changed = 1\nviews = \"all\"",
            "jobs.toml:2: the job `a`: `if-changed`",
        ),
        ("views = \"all\"\nretries = 1000", "1000"),
        ("views = \"all\"\nargs = []", "`args` is none of its keys"),
        ("viws = \"all\"", "did you mean `views`?"),
    ] {
        let message = message(&format!("[jobs.a]\n{contents}"));
        assert!(message.contains(part), "{contents}: {message}");
    }
}
