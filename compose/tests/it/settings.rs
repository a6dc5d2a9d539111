//! The settings as a process finds them, and the example that documents them.

use crate::launcher::{comptoir, stderr_of, stdout_of};
use comptoir_config::{Key, RawSettings, Settings};
use std::fs;
use std::path::Path;

/// The line about the ERP names the database that the settings came to.
fn erp(dir: &Path, variables: &[(&str, &str)], flags: &[&str]) -> String {
    let mut command = comptoir(dir);
    let output = command
        .arg("doctor")
        .args(flags)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let report = stdout_of(&output);
    report
        .lines()
        .find(|line| line.contains(" erp "))
        .unwrap_or(&report)
        .to_owned()
}

#[test]
fn each_source_beats_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    assert!(erp(dir.path(), &[], &[]).contains(".comptoir/erp.db"));
    assert!(erp(dir.path(), &[], &["--data-dir", "flag"]).contains("flag/erp.db"));

    fs::write(
        at("comptoir.toml"),
        "data_dir = \"file\"\n[erp]\nurl = \"sqlite:file.db\"\n",
    )
    .unwrap();
    assert!(erp(dir.path(), &[], &[]).contains("/file.db"));
    fs::write(at(".env"), "COMPTOIR_ERP_URL=sqlite:dotenv.db\n").unwrap();
    assert!(erp(dir.path(), &[], &[]).contains("/dotenv.db"));
    assert!(erp(dir.path(), &[("COMPTOIR_ERP_URL", "sqlite:env.db")], &[]).contains("/env.db"));

    fs::write(at("other.toml"), "[erp]\nurl = \"sqlite:other.db\"\n").unwrap();
    fs::remove_file(at(".env")).unwrap();
    assert!(erp(dir.path(), &[], &["--config", "other.toml"]).contains("/other.db"));
}

#[test]
fn an_unknown_setting_stops_every_command_before_anything_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("comptoir.toml"),
        "[lake]\nulr = \"hdfs://h\"\n",
    )
    .unwrap();
    let output = comptoir(dir.path())
        .args(["up", "--no-browser"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = stderr_of(&output);
    assert!(
        error.contains("comptoir.toml:2") && error.contains("did you mean `lake.url`?"),
        "{error}"
    );
    assert!(!dir.path().join(".comptoir").exists());

    fs::remove_file(dir.path().join("comptoir.toml")).unwrap();
    let output = comptoir(dir.path())
        .args(["lake", "ls", "/"])
        .env("COMPTOIR_LAKE_ULR", "x")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr_of(&output).contains("did you mean `COMPTOIR_LAKE_URL`?"));
}

#[test]
fn a_settings_file_that_is_named_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let output = comptoir(dir.path())
        .args(["lake", "ls", "/", "--config", "gone.toml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr_of(&output).contains("gone.toml"));
}

#[test]
fn a_line_of_dot_env_that_is_none_is_named_and_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".env"), "A=b\nPASSWORD hunter2\n").unwrap();
    let output = comptoir(dir.path())
        .args(["lake", "ls", "/"])
        .output()
        .unwrap();
    let error = stderr_of(&output);
    assert!(
        error.contains(".env:2") && !error.contains("hunter2"),
        "{error}"
    );
}

/// Every line of the example that is a setting, without its `#`, and every section.
fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("comptoir.toml.example");
    let text = fs::read_to_string(path).unwrap();
    let settings = text.lines().filter_map(|line| {
        let uncommented = line.strip_prefix("# ").unwrap_or(line);
        let name = uncommented.split_once(" = ").map(|(name, _)| name);
        let is_setting =
            name.is_some_and(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        (is_setting || line.starts_with('[')).then(|| format!("{uncommented}\n"))
    });
    settings.collect()
}

#[test]
fn the_example_has_every_setting_and_all_of_them_can_be_used() {
    let example = example();
    let mut raw = RawSettings::default();
    raw.add_toml(Path::new("/etc/comptoir.toml"), &example)
        .unwrap();
    Settings::resolve(raw, Path::new("/")).unwrap();
    for key in Key::ALL {
        let (section, name) = key.name().split_once('.').unwrap_or(("", key.name()));
        let section_start = example.find(&format!("[{section}]")).unwrap_or(0);
        assert!(
            example[section_start..].contains(&format!("{name} = ")),
            "{key} is missing"
        );
    }
}

#[test]
fn the_defaults_in_the_example_are_the_defaults() {
    let defaults = Settings::resolve(RawSettings::default(), Path::new("/")).unwrap();
    // The others name a place of one's own, and the text beside them says the default.
    let places = [
        "dir",
        "url",
        "username",
        "password_file",
        "hadoop_conf_dir",
        "file",
        "quality_file",
        "kafka_properties",
        "source",
        "state_dir",
        "signing_key_file",
        "anchor_dir",
        "access_dir",
        "tls_certificate",
        "tls_key",
        "zookeeper",
        "zookeeper_admin_url",
        "namenode_url",
    ];
    let is_place = |line: &&str| {
        places
            .iter()
            .any(|name| line.starts_with(&format!("{name} = ")))
    };
    let example = example();
    let shown: Vec<_> = example.lines().filter(|line| !is_place(line)).collect();
    let mut raw = RawSettings::default();
    raw.add_toml(Path::new("/comptoir.toml"), &shown.join("\n"))
        .unwrap();
    assert_eq!(Settings::resolve(raw, Path::new("/")).unwrap(), defaults);
}
