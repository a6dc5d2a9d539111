//! The report of an audit as a page, made by the program and held against OpenSSL.

use crate::auditing::Archived;
use crate::sealing::{directory, eager, text};
use crate::world::{Running, World};
use comptoir_logship::archive::ArchivedLife;
use comptoir_logship::sources::Files;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn report(world: &World, page: &Path, more: &[&str]) -> Output {
    let mut command = world.program(&["audit", "report", "--output"]);
    let key = world.request().seal.key;
    command.arg(page).arg("--key").arg(key.private()).args(more);
    command.output().unwrap()
}

fn is_signed(page: &Path, key: &Path) -> bool {
    let mut signature = page.to_path_buf().into_os_string();
    signature.push(".sig");
    let mut command = Command::new("openssl");
    command.args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"]);
    command
        .arg(key)
        .arg("-in")
        .arg(page)
        .arg("-sigfile")
        .arg(signature);
    let output = command.output().expect("the program openssl is needed");
    output.status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_what_is_whole_what_expired_and_what_is_damaged_and_is_signed() {
    let archived = Archived::new().await;
    let world = &archived.world;
    let page = world.directory.path().join("audit.html");
    let anchor = archived.anchors.to_str().unwrap();
    let given = [
        "--public-key",
        archived.public_key.to_str().unwrap(),
        "--anchor",
        anchor,
    ];
    let output = report(world, &page, &given);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let html = fs::read_to_string(&page).unwrap();
    let head = archived.manifests();
    for expected in [
        "Nothing is missing or altered.",
        &format!("the one of manifest {head} says the same"),
        &format!("up to manifest {head} of "),
        "None is recorded.",
        "2026-11-21 00:00:00 UTC to ",
        "<td>2026-11</td>",
        "What this does not prove",
    ] {
        assert!(html.contains(expected), "{expected}: {html}");
    }
    let key = fs::read_to_string(&archived.public_key).unwrap();
    let key = comptoir_logship::archive::signature::PublicKey::from_pem(&key).unwrap();
    assert!(html.contains(&key.to_string()));
    assert!(is_signed(&page, &archived.public_key));
    // A page is never replaced.
    let output = report(world, &page, &given);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("exists already\nhint: "), "{said}");
    // One that was changed is no longer signed.
    fs::write(
        &page,
        html.replace("Nothing is missing", "Something is missing"),
    )
    .unwrap();
    assert!(!is_signed(&page, &archived.public_key));
    // A page of a damaged archive, where some of it expired.
    let settings = world.request().seal;
    let before = ["--before", "2100-01-01T00:00:00Z", "--key"];
    let mut expire = world.program(&["audit", "expire"]);
    expire.args(before).arg(settings.key.private());
    assert!(expire.output().unwrap().status.success());
    fs::remove_file(directory(world).join("life-000001")).unwrap();
    let page = world.directory.path().join("damaged.html");
    assert_eq!(report(world, &page, &given).status.code(), Some(1));
    let html = fs::read_to_string(&page).unwrap();
    for expected in [
        "There is one finding.",
        "<td>life-000001</td>",
        "<h3>Expired</h3>",
    ] {
        assert!(html.contains(expected), "{expected}: {html}");
    }
    assert!(is_signed(&page, &archived.public_key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_called_like_html_stays_a_name() {
    const NAME: &str = "<img src=x onerror=alert(1)>.log";
    World::local()
        .run(async |world| {
            let log = world.log().with_file_name(NAME);
            fs::write(&log, text(0..400)).unwrap();
            let mut request = eager(world);
            request.sources[0].files = Files::one(log);
            let shipper = Running::start(request, world.lake.clone()).await;
            let is_sealed = |(life, _): &(ArchivedLife, Vec<u8>)| !life.sealed.is_empty();
            world.archived(|lives| lives.iter().any(is_sealed)).await;
            shipper.stop().await.unwrap();
            let page = world.directory.path().join("audit.html");
            assert_eq!(report(world, &page, &[]).status.code(), Some(0));
            let html = fs::read_to_string(&page).unwrap();
            assert!(
                html.contains("&lt;img src=x onerror=alert(1)&gt;.log"),
                "{html}"
            );
            assert!(!html.contains("<img"), "{html}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_there_is_no_page() {
    let archived = Archived::new().await;
    let world = &archived.world;
    let page = world.directory.path().join("audit.html");
    let output = world
        .program(&["audit", "report", "--key", "nowhere.pem", "--output"])
        .arg(&page)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("hint: `comptoir-logship keygen --key nowhere.pem`"),
        "{said}"
    );
    assert!(!page.exists());
}
