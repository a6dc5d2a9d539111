use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A record that is accepted.
fn sale(amount: &str, currency: &str, status: &str) -> String {
    format!(
        r#"{{"event_id":"e-1","event_time":"2026-11-21T14:00:00+01:00","order_id":"o-1","order_line":1,"product_id":"p-1","product_name":"Café","category":"Grocery","merchant":"Port","quantity":1,"unit_price":"1","amount":{amount},"currency":"{currency}","country":"France","city":"Nantes","channel":"store","payment_method":"cash","status":"{status}"}}"#
    )
}

fn comptoir_speed(arguments: &[&str], directory: &Path, input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_comptoir-speed"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn adds_up_accepted_events_by_status_and_currency() {
    let directory = tempfile::tempdir().unwrap();
    let monday = [
        sale("0.1", "EUR", "APPROVED"),
        sale("\"0.20\"", "EUR", "APPROVED"),
        sale("0.05", "EUR", "REFUNDED"),
        sale("99", "EUR", "PENDING"),
    ];
    fs::write(directory.path().join("monday.jsonl"), monday.join("\n")).unwrap();
    let tuesday = sale("7", "CHF", "APPROVED") + "\r\n" + &sale("5", "EUR", "DECLINED") + "\n";
    let arguments = ["check", "--json", "monday.jsonl", "-"];
    let output = comptoir_speed(&arguments, directory.path(), tuesday.as_bytes());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        report,
        serde_json::json!({
            "accepted": 6,
            "rejected": 0,
            "by_status": { "APPROVED": 3, "DECLINED": 1, "PENDING": 1, "REFUNDED": 1 },
            "by_reason": {},
            "by_currency": [
                { "currency": "CHF", "gross": "7.00", "refunds": "0.00", "net": "7.00" },
                { "currency": "EUR", "gross": "0.30", "refunds": "0.05", "net": "0.25" },
            ],
        })
    );
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)));
}

#[test]
fn prints_totals_that_people_can_read() {
    let directory = tempfile::tempdir().unwrap();
    let input = sale("13.5", "EUR", "APPROVED") + "\n" + &sale("13.5", "EUR", "REFUNDED") + "\n";
    let output = comptoir_speed(&["check"], directory.path(), input.as_bytes());
    let words: Vec<Vec<&str>> = text(&output.stdout)
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(words[0], ["accepted", "2"]);
    assert_eq!(words[1], ["APPROVED", "1"]);
    assert_eq!(words[5], ["rejected", "0"]);
    assert_eq!(words[7], ["currency", "gross", "refunds", "net"]);
    assert_eq!(words[8], ["EUR", "13.50", "13.50", "0.00"]);
}

#[test]
fn names_file_line_reason_and_cure_of_each_rejected_line() {
    let directory = tempfile::tempdir().unwrap();
    let lines = [
        sale("1", "EUR", "APPROVED"),
        sale("-5", "EUR", "REFUNDED"),
        String::new(),
    ];
    fs::write(directory.path().join("till.jsonl"), lines.join("\n") + "\n").unwrap();
    let output = comptoir_speed(&["check", "till.jsonl"], directory.path(), b"");
    assert_eq!(
        text(&output.stderr),
        "till.jsonl:2: out_of_range: amount: `-5` is out of range\n  \
         hint: send 0 to 999999999.99, positive for REFUNDED too\n\
         till.jsonl:3: empty: the record is empty\n  \
         hint: send one JSON object a record\n"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn poison_is_rejected_by_its_reason_and_the_next_line_still_counts() {
    let directory = tempfile::tempdir().unwrap();
    let good = sale("1", "EUR", "APPROVED");
    let poison: [(Vec<u8>, &str); 7] = [
        (vec![b'x'; 10 * 1024 * 1024], "too_large"),
        (b"{\"city\":\"\xc3\x28\"}".to_vec(), "not_utf8"),
        (b"[".repeat(60_000), "too_deep"),
        (sale("NaN", "EUR", "APPROVED").into_bytes(), "not_json"),
        (
            sale(&"9".repeat(30), "EUR", "APPROVED").into_bytes(),
            "out_of_range",
        ),
        (
            sale("-0.01", "EUR", "APPROVED").into_bytes(),
            "out_of_range",
        ),
        (good.replace("2026", "9999").into_bytes(), "out_of_range"),
    ];
    let mut input = Vec::new();
    for (record, _) in &poison {
        input.extend_from_slice(record);
        input.push(b'\n');
    }
    input.extend_from_slice(good.as_bytes());
    let output = comptoir_speed(&["check", "--json"], directory.path(), &input);
    let reasons: Vec<_> = text(&output.stderr)
        .lines()
        .filter(|line| !line.starts_with("  hint: "))
        .map(|line| line.split(": ").nth(1).unwrap())
        .collect();
    assert_eq!(reasons, poison.map(|(_, reason)| reason));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["accepted"], &report["rejected"]),
        (&1.into(), &7.into())
    );
}

#[test]
fn says_which_file_can_not_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let output = comptoir_speed(&["check", "absent.jsonl"], directory.path(), b"");
    let message = text(&output.stderr);
    assert!(
        message.starts_with("error: can't open absent.jsonl: "),
        "{message}"
    );
    assert!(message.contains("\nhint: "), "{message}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn prints_the_schema_and_its_example_is_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let output = comptoir_speed(&["schema"], directory.path(), b"");
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let example = schema["examples"][0].to_string();
    let output = comptoir_speed(&["check"], directory.path(), example.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn help_has_examples() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [&["check", "--help"][..], &["schema", "--help"]] {
        let output = comptoir_speed(arguments, directory.path(), b"");
        assert!(
            text(&output.stdout).contains("Examples:\n  comptoir-speed "),
            "{arguments:?}"
        );
    }
}
