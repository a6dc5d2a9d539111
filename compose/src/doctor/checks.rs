//! One function for each part: what is well about it, or an error that says what cures it.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use comptoir_batch::database::{Access, Database, Limits, quoted};
use comptoir_batch::import::Source;
use comptoir_config::{Settings, clock};
use comptoir_lake::{Create, Lake, LakePath, Recursive, published};
use comptoir_speed::views::ViewsRequest;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// For each call to the database.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writable, or to be made in a directory that is.
pub(super) fn data_dir(path: &Path) -> Result<String> {
    let existing = path.ancestors().find(|directory| directory.is_dir());
    let existing = existing.with_context(|| format!("no part of {} exists", path.display()))?;
    let probe = existing.join(format!(".comptoir-doctor-{:08x}", clock::random_u32()));
    let hint = "hint: make it writable, or choose another with --data-dir";
    std::fs::write(&probe, "probe")
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| {
            anyhow::anyhow!("can't write into {}: {error}\n{hint}", existing.display())
        })?;
    Ok(if existing == path {
        format!("{} can be written", path.display())
    } else {
        format!("{} is made at the first start", path.display())
    })
}

pub(super) async fn erp(settings: &Settings) -> Result<String> {
    let limits = Limits {
        connect: PATIENCE,
        statement: PATIENCE,
        row: PATIENCE,
    };
    let Source { url, login } = Source::of(&settings.erp)?;
    let mut database = Database::connect(&url, &login, Access::Read, limits).await?;
    let table = database.describe(&settings.import.table).await?;
    let count = format!("SELECT COUNT(*) FROM {}", quoted(&table.name));
    let rows = database.fetch_all("counting the rows", &count).await?;
    let rows = rows.first().and_then(|row| row.get(0).ok()?.to_text());
    let found = format!(
        "{url} ({}): table {} has {} rows",
        database.server,
        table.name,
        rows.unwrap_or_else(|| "no".to_owned())
    );
    database.close().await;
    Ok(found)
}

pub(super) async fn warehouse(settings: &Settings) -> Result<String> {
    let warehouse = ViewsRequest::of(settings)?.warehouse;
    let found = warehouse.check(PATIENCE).await?;
    let url = warehouse.url();
    if found.schema > found.known {
        bail!("{url} was set up by a newer program\nhint: update this one");
    }
    Ok(format!("{url} ({}) answers", found.server))
}

pub(super) async fn transport(settings: &Settings) -> Result<String> {
    let transport = ViewsRequest::of(settings)?.transport;
    let asked = tokio::time::timeout(PATIENCE, transport.describe()).await;
    let topic = asked.with_context(|| {
        format!(
            "{} does not answer\nhint: check transport.url",
            settings.transport.url
        )
    })??;
    let without = topic
        .partitions
        .iter()
        .filter(|partition| partition.bounds.is_none());
    let without = without.count();
    if without > 0 {
        bail!(
            "{without} partitions of {} can't be read\nhint: comptoir-speed topic describe says which",
            transport.topic()
        );
    }
    Ok(format!(
        "{}: topic {} has {} partitions",
        settings.transport.url,
        transport.topic(),
        topic.partitions.len()
    ))
}

/// Writes a file, reads it back and deletes it.
pub(super) async fn lake(lake: &Lake) -> Result<String> {
    let path = format!("/tmp/comptoir-doctor-{:08x}", clock::random_u32());
    let path = LakePath::parse(&path)?;
    let probe = Bytes::from_static(b"probe");
    let mut writer = lake.create(&path, Create::Exclusive).await?;
    writer.write(probe.clone()).await?;
    writer.close().await?;
    let read = lake.read(&path).await;
    lake.delete(&path, Recursive::No).await?;
    if read? != probe {
        bail!("{path} reads otherwise than it was written\nhint: check the disks of the lake");
    }
    Ok(format!(
        "{} takes and gives files",
        lake.url_of(&LakePath::root())
    ))
}

/// Reads every part and holds it against the manifest.
pub(super) async fn import(lake: &Lake, target: &LakePath) -> Result<String> {
    let Some(run) = published::open(lake, target).await? else {
        bail!("nothing is imported to {target} yet\nhint: comptoir up, or comptoir-batch import");
    };
    let manifest = run.manifest();
    for index in 0..manifest.parts.len() {
        let mut part = run.part(index)?;
        while part.next_chunk().await?.is_some() {}
    }
    let read = manifest.imported_at.strftime("%Y-%m-%dT%H:%M:%SZ");
    Ok(format!(
        "{} rows of {} in {} parts, read at {read}, checksums right",
        manifest.rows(),
        manifest.source.table,
        manifest.parts.len()
    ))
}

pub(super) fn page() -> Result<String> {
    if comptoir_web::has_page() {
        return Ok("part of this program".to_owned());
    }
    bail!(
        "this program was built without the page\nhint: web/build-ui && cargo build --locked --bins"
    )
}

/// Free, or Comptoir's own server answers there.
pub(super) async fn port(address: SocketAddr) -> Result<String> {
    match TcpListener::bind(address).await {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            if is_comptoir(address).await {
                return Ok(format!("{address} is served by comptoir"));
            }
            bail!(
                "another program listens on {address}\nhint: stop it, or choose another port with --port or web.listen"
            )
        }
        Err(error) => bail!(
            "can't listen on {address}: {error}\nhint: set web.listen to an address of this machine"
        ),
    }
}

/// Whether a server there answers the way ours does.
async fn is_comptoir(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request =
            format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(1 << 20).read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    match tokio::time::timeout(Duration::from_secs(2), ask).await {
        Ok(Ok(answer)) => String::from_utf8_lossy(&answer).contains("comptoir_build"),
        _ => false,
    }
}
