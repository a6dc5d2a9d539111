//! `comptoir-speed archive forget` beside a running platform, and a warehouse that is lost
//! afterwards.

use crate::launcher::{Up, eventually, program, stderr_of, stdout_of};
use crate::recount::{Figures, Log, Stored, jsonl_partitions, recount, stored};
use comptoir_config::clock;
use comptoir_database::Login;
use comptoir_model::api::reconcile::ReconcileReport;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::{Output, Stdio};
use tempfile::TempDir;

const LONG_AGO: SignedDuration = SignedDuration::from_hours(24 * 20);
const KEEP: [&str; 4] = ["archive", "forget", "--keep-days", "9"];
/// What `views run` makes of it besides the live figures.
const RUN: [&str; 4] = ["views", "run", "live", "silver_transactions"];

const OLD: usize = 60;
const NEW: usize = 20;
/// Ids of the last 64 MiB stay: what comes before this record does not lie within them.
const GIANT_BYTES: usize = 70 * 1024 * 1024;
const REACH: u64 = 64 * 1024 * 1024;

struct Shop(TempDir);

impl Shop {
    fn run(&self, name: &str, arguments: &[&str]) -> Output {
        let mut command = program(name, self.0.path());
        command.args(arguments).output().unwrap()
    }

    fn well(&self, name: &str, arguments: &[&str]) -> String {
        let ended = self.run(name, arguments);
        let said = stderr_of(&ended);
        assert!(ended.status.success(), "{name} {arguments:?}: {said}");
        stdout_of(&ended)
    }

    /// Records of the only partition.
    fn append(&self, lines: &str) {
        let path = self.0.path().join(".comptoir/live/transactions/0.jsonl");
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }

    fn log(&self) -> Log {
        jsonl_partitions(&self.0.path().join(".comptoir/live/transactions"))
    }

    async fn stored(&self) -> Stored {
        let path = self.0.path().join(".comptoir/warehouse.db");
        let url = format!("sqlite:{}", path.display()).parse().unwrap();
        stored(&url, &Login::default()).await
    }

    /// The warehouse has what these records come to: figures by the minute reach back 8 days only.
    async fn assert_serves(&self, log: &Log, context: &str) {
        let Stored {
            figures,
            next,
            by_sinks,
            ..
        } = self.stored().await;
        assert_eq!(by_sinks, 0, "{context}: the archive counts everything");
        let expected = recount(log, REACH, &next);
        let all_but_minutes = |figures: Figures| Figures {
            buckets: [].into(),
            ..figures
        };
        all_but_minutes(expected).assert_equal(&all_but_minutes(figures), context);
    }

    fn silver_rows(&self) -> usize {
        let show = ["views", "show", "silver_transactions", "--json", "--limit"];
        let shown = self.well("comptoir-batch", &[&show[..], &["1000"]].concat());
        shown.lines().count()
    }
}

fn sale(number: usize, time: Timestamp) -> String {
    let event = json!({
        "event_id": format!("e-{number}"),
        "event_time": time.to_string(),
        "order_id": format!("o-{number}"),
        "order_line": 1,
        "customer_id": format!("C{}", number % 7),
        "customer_name": "A customer",
        "product_id": format!("P{}", number % 5),
        "product_name": "Tea",
        "category": "grocery",
        "merchant": "Port",
        "quantity": 2,
        "unit_price": "4.05",
        "amount": "8.10",
        "currency": "EUR",
        "country": "France",
        "city": "Nantes",
        "channel": "web",
        "payment_method": "card",
        "status": if number.is_multiple_of(9) { "REFUNDED" } else { "APPROVED" },
    });
    line(&event.to_string())
}

fn line(value: &str) -> String {
    let at = clock::now().as_millisecond();
    format!("{{\"t\":{at},\"v\":{}}}\n", json!(value))
}

#[tokio::test]
async fn rows_go_by_the_command_and_no_figure_goes_with_them() {
    let shop = Shop(tempfile::tempdir().unwrap());
    shop.well("comptoir-speed", &["topic", "create", "--partitions", "1"]);
    let now = clock::now();
    let mut lines = String::new();
    for number in 0..OLD + NEW {
        let age = if number < OLD {
            LONG_AGO
        } else {
            SignedDuration::ZERO
        };
        lines += &sale(number, now - age);
    }
    shop.append(&lines);
    shop.append(&line(&"x".repeat(GIANT_BYTES)));
    let settings = [
        ("COMPTOIR_RECONCILE_EVERY_S", "0.3"),
        ("COMPTOIR_ARCHIVE_EVERY_S", "0.3"),
        ("COMPTOIR_ARCHIVE_UPKEEP_EVERY_S", "never"),
        ("COMPTOIR_VIEWS_EVERY_S", "never"),
    ];
    let up = Up::start(&shop.0, &settings, &["--rate", "0"]).await;
    looked_at(&up, OLD + NEW + 1, now).await;
    shop.well("comptoir-batch", &RUN);
    let log = shop.log();
    shop.assert_serves(&log, "covered").await;

    let first = now.to_zoned(TimeZone::UTC).date();
    let first = first.saturating_sub(Span::new().days(9));
    let history = || shop.well("comptoir-speed", &["archive", "history"]);
    let before = history();
    let look = shop.well("comptoir-speed", &[&KEEP[..], &["--look"]].concat());
    assert_eq!(
        look,
        format!("{OLD} rows of days before {first} would go\n")
    );
    assert_eq!(history(), before);
    // Somebody reads it meanwhile, and the sinks go on.
    let mut reader = program("comptoir-batch", shop.0.path());
    let reader = reader.args(RUN).arg("--full").stdout(Stdio::null());
    let mut reader = reader.spawn().unwrap();
    let went = shop.well("comptoir-speed", &KEEP);
    assert_eq!(went, format!("{OLD} rows of days before {first} went\n"));
    assert!(reader.wait().unwrap().success());
    let gone = history();
    let note = format!(", {OLD} accepted, 0 rejected, 0 duplicates, 0 gaps");
    assert!(gone.contains(" DELETE\n    partition 0 of "), "{gone}");
    assert!(gone.contains(&note), "{gone}");
    // A second one has nothing to do.
    let again = shop.well("comptoir-speed", &KEEP);
    assert_eq!(again, format!("0 rows of days before {first} went\n"));
    assert_eq!(history(), gone);
    shop.assert_serves(&log, "forgotten").await;
    assert_sound(&shop, &up, OLD + NEW + 1).await;

    // A late event of a day that is gone counts once, and the rows of the others are still there.
    shop.append(&sale(OLD + NEW, now - LONG_AGO));
    looked_at(&up, OLD + NEW + 2, clock::now()).await;
    shop.well("comptoir-batch", &RUN);
    let mut log = shop.log();
    shop.assert_serves(&log, "late").await;
    assert_eq!(shop.silver_rows(), OLD + NEW + 1);
    assert_sound(&shop, &up, OLD + NEW + 2).await;
    assert!(up.end_by("TERM").await.success());

    // A warehouse that is filled again has what is left, says what is not, and no more.
    for file in ["warehouse.db", "warehouse.db-wal", "warehouse.db-shm"] {
        fs::remove_file(shop.0.path().join(".comptoir").join(file)).ok();
    }
    let rebuilt = shop.run("comptoir-speed", &["rebuild"]);
    assert!(rebuilt.status.success(), "{}", stderr_of(&rebuilt));
    let counted = format!("{} records of ", NEW + 2);
    assert!(
        stdout_of(&rebuilt).starts_with(&counted),
        "{}",
        stdout_of(&rebuilt)
    );
    let missing = format!("has forgotten {OLD} records of days before {first}");
    assert!(
        stderr_of(&rebuilt).contains(&missing),
        "{}",
        stderr_of(&rebuilt)
    );
    shop.well("comptoir-batch", &RUN);
    log.get_mut(&0).unwrap().drain(..OLD);
    shop.assert_serves(&log, "rebuilt").await;
    assert_eq!(shop.silver_rows(), OLD + NEW + 1);
    let reconciled = shop.run("comptoir-speed", &["reconcile"]);
    assert_eq!(reconciled.status.code(), Some(1), "something was lost");
    let said = stdout_of(&reconciled);
    let verdict = format!("{} records, 0 differences, 1 runs of offsets lost", NEW + 2);
    assert!(
        said.starts_with("not complete") && said.contains(&verdict),
        "{said}"
    );
    assert!(said.contains(": offsets from 0 to before "), "{said}");
}

/// By the command, by the archive itself, and by what `/api/v1/reconcile` says from now on.
async fn assert_sound(shop: &Shop, up: &Up, records: usize) {
    let said = shop.well("comptoir-speed", &["reconcile"]);
    let verdict = format!(": {records} records, 0 differences\n");
    assert!(
        said.starts_with("complete") && said.contains(&verdict),
        "{said}"
    );
    let verified = shop.well("comptoir-speed", &["archive", "verify"]);
    assert!(verified.ends_with(": 0 faults\n"), "{verified}");
    let report = looked_at(up, records, clock::now()).await;
    assert!(report.complete && report.unchecked.is_empty(), "{report:?}");
    assert!(report.full.is_some_and(|full| full.complete));
}

/// Waits for a look at everything after that moment that has so many records, all of them archived.
async fn looked_at(up: &Up, records: usize, after: Timestamp) -> ReconcileReport {
    eventually("a look at everything", async || {
        let report: ReconcileReport = up.get("api/v1/reconcile").await?;
        let is_new = (report.full.as_ref()).is_some_and(|full| full.at > after);
        let archived = |next| {
            report
                .partitions
                .iter()
                .any(|one| one.archived == Some(next))
        };
        let next = report.partitions.iter().map(|one| one.next).max()?;
        let all = usize::try_from(report.records) == Ok(records);
        (is_new && all && archived(next)).then_some(report)
    })
    .await
}
