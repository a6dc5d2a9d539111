//! `/api/v1/lake`: what lies in the directories that the settings name, and nothing else.

use crate::sales::SHOP;
use crate::support::{Import, TestLake, TestServer, options, request, roots};
use comptoir_config::clock;
use comptoir_lake::{Create, Lake, LakePath, Recursive};
use comptoir_model::api::lake::RootKind;
use comptoir_web::ServeRequest;
use parquet::file::writer::SerializedFileWriter;
use serde_json::{Value, json};
use std::sync::Arc;

const LAKE: &str = "/api/v1/lake";

async fn below(server: &TestServer, path: &str) -> Value {
    server.json(&format!("{LAKE}?path={path}")).await
}

async fn write(lake: &Lake, path: &str, bytes: &[u8]) {
    let path = LakePath::parse(path).unwrap();
    let mut writer = lake.create(&path, Create::Overwrite).await.unwrap();
    writer.write(bytes.to_vec().into()).await.unwrap();
    writer.close().await.unwrap();
}

fn entry<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let entries = answer["directory"]["entries"].as_array();
    let found = (entries.into_iter().flatten()).find(|entry| entry["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {answer}"))
}

#[tokio::test]
async fn an_empty_lake_says_what_fills_it() {
    let lake = TestLake::new();
    let server = TestServer::start(&lake.lake).await;
    let answer = server.json(LAKE).await;
    let roots = answer["roots"].as_array().unwrap();
    let about = |field: &str| -> Vec<_> { roots.iter().map(|root| root[field].clone()).collect() };
    assert_eq!(
        about("path"),
        ["/user/sqoop", "/user/flume/logs", "/gold"].map(Value::from)
    );
    assert_eq!(about("kind"), ["imports", "logs", "gold"].map(Value::from));
    assert_eq!(about("entries"), [Value::Null, Value::Null, Value::Null]);
    assert_eq!(roots[1]["filled_by"], "comptoir-logship ship");

    Import::of(&SHOP).publish(&lake.lake).await;
    let answer = server.json(LAKE).await;
    // The target, and `.comptoir` beside it.
    assert_eq!(answer["roots"][0]["entries"], 2);
    assert!(answer["roots"][0]["modified"].is_string(), "{answer}");
}

#[tokio::test]
async fn an_import_is_held_against_its_manifest() {
    let lake = TestLake::new();
    let import = Import::of(&SHOP);
    import.publish(&lake.lake).await;
    let server = TestServer::start(&lake.lake).await;
    holds_the_import(&server, &import, "/user/sqoop/sales").await;

    // Longer than its manifest says, and the other one gone.
    let path = lake.published_part(0);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"more\n");
    std::fs::write(&path, &bytes).unwrap();
    std::fs::remove_file(lake.published_part(1)).unwrap();
    let answer = below(&server, "/user/sqoop/sales").await;
    assert_eq!(entry(&answer, "part-m-00000")["size"], "differs");
    assert_eq!(entry(&answer, "part-m-00000")["bytes"], bytes.len());
    let said = format!(
        "part-m-00000 has {} bytes, the manifest says {}",
        bytes.len(),
        import.parts[0].len()
    );
    assert_eq!(
        answer["directory"]["import"]["differences"],
        json!([said, "part-m-00001 is missing"])
    );

    std::fs::write(path.with_file_name("_manifest-2"), "{}").unwrap();
    let answer = below(&server, "/user/sqoop/sales").await;
    let published = &answer["directory"]["import"];
    assert_eq!(published["manifest"], "_manifest-2");
    assert_eq!(published["facts"], Value::Null);
    let why = published["differences"][0].as_str().unwrap();
    assert!(why.contains("_manifest-2 is damaged"), "{why}");
}

/// What is shown of an import, by what was imported.
async fn holds_the_import(server: &TestServer, import: &Import, target: &str) {
    let answer = below(server, target).await;
    let facts = &answer["directory"]["import"]["facts"];
    assert_eq!(facts["run"], import.run(), "{answer}");
    assert_eq!(facts["rows"], SHOP.len());
    assert_eq!(facts["parts"], import.parts.len());
    let bytes: usize = import.parts.iter().map(Vec::len).sum();
    assert_eq!(facts["bytes"], bytes);
    assert_eq!(answer["directory"]["import"]["differences"], json!([]));
    for (info, part) in import.manifest.parts.iter().zip(&import.parts) {
        let shown = entry(&answer, &info.name);
        assert_eq!(shown["bytes"], part.len());
        assert_eq!(shown["rows"], info.rows);
        assert_eq!(shown["size"], "as_expected");
    }
    assert_eq!(entry(&answer, "_SUCCESS")["rows"], Value::Null);

    let file = below(server, &format!("{target}/part-m-00000")).await;
    let text = String::from_utf8(import.parts[0].clone()).unwrap();
    assert_eq!(file["file"]["text"], text);
    assert_eq!(file["file"]["is_whole"], true);
    let location = file["location"].as_str().unwrap();
    assert!(
        location.ends_with(&format!("{target}/part-m-00000")),
        "{location}"
    );
    let manifest = below(server, &format!("{target}/_manifest-1")).await;
    assert!(
        manifest["file"]["text"]
            .as_str()
            .unwrap()
            .contains(import.run())
    );
}

#[tokio::test]
async fn the_same_on_hdfs() {
    let lake = crate::hdfs::lake();
    let home = format!("/tmp/comptoir-web-{:08x}", clock::random_u32());
    let import = Import::of(&SHOP);
    let target = format!("{home}/sqoop/sales");
    import
        .publish_to(&lake, &LakePath::parse(&target).unwrap())
        .await;
    let logs = format!("{home}/logs");
    let server = TestServer::serving(ServeRequest {
        lake_roots: roots([
            (RootKind::Imports, format!("{home}/sqoop").as_str()),
            (RootKind::Logs, logs.as_str()),
        ]),
        ..request(&lake)
    })
    .await;
    holds_the_import(&server, &import, &target).await;
    let answer = server.json(LAKE).await;
    assert_eq!(answer["roots"][1]["entries"], Value::Null);
    let nothing = server.get(&format!("{LAKE}?path={logs}")).await;
    assert_eq!(nothing.status(), 404);
    let hint = nothing.json::<Value>().await.unwrap()["hint"].clone();
    assert!(
        hint.as_str().unwrap().contains("comptoir-logship ship"),
        "{hint}"
    );
    let outside = server.get(&format!("{LAKE}?path={home}")).await;
    assert_eq!(outside.status(), 400);
    server.stop().await;
    let home = LakePath::parse(&home).unwrap();
    assert!(lake.delete(&home, Recursive::Yes).await.unwrap());
}

#[tokio::test]
async fn a_large_directory_comes_in_pages() {
    let lake = TestLake::new();
    let names: Vec<_> = (0..25).map(|number| format!("f-{number:02}")).collect();
    for name in &names {
        write(&lake.lake, &format!("/gold/many/{name}"), b"four").await;
    }
    let server = TestServer::start(&lake.lake).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = below(&server, &format!("/gold/many&limit=10{cursor}")).await;
        let directory = &page["directory"];
        assert_eq!(directory["total_entries"], 25);
        assert_eq!(directory["total_bytes"], 100);
        for entry in directory["entries"].as_array().unwrap() {
            seen.push(entry["name"].as_str().unwrap().to_owned());
        }
        match directory["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, names);
    let answer = server
        .get(&format!("{LAKE}?path=/gold/many&limit=1001"))
        .await;
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn nothing_else_than_the_roots_is_shown() {
    let lake = TestLake::new();
    let secret = lake.dir.path().join("secret");
    std::fs::write(&secret, "hunter2").unwrap();
    std::fs::create_dir(lake.dir.path().join("private")).unwrap();
    std::fs::write(lake.dir.path().join("private/key"), "hunter2").unwrap();
    write(&lake.lake, "/gold/view/part", b"fine").await;
    let gold = lake.dir.path().join("gold");
    std::os::unix::fs::symlink(&secret, gold.join("link")).unwrap();
    std::os::unix::fs::symlink(lake.dir.path().join("private"), gold.join("linked")).unwrap();
    let server = TestServer::start(&lake.lake).await;
    for path in [
        "/",
        "/secret",
        "/private/key",
        "/user",
        "/user/sqoop2",
        "/golden",
        "gold",
        "",
        "/gold/../secret",
        "/gold/%2e%2e/secret",
        "/gold/./view",
        "/gold//view",
        "/gold/view/%00",
        "/gold/link",
        "/gold/linked",
        "/gold/linked/key",
        "file:///gold",
    ] {
        let answer = server.get(&format!("{LAKE}?path={path}")).await;
        assert_eq!(answer.status(), 400, "{path}");
        let text = answer.text().await.unwrap();
        assert!(!text.contains("hunter2"), "{path}: {text}");
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["type"], "/problems/invalid-parameter", "{path}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("path: "), "{path}: {detail}");
    }
    assert_eq!(
        below(&server, "/gold/view/part").await["file"]["text"],
        "fine"
    );
    let listed = below(&server, "/gold").await;
    assert_eq!(entry(&listed, "link")["kind"], "file");
    let unknown = server.get(&format!("{LAKE}?folder=/gold")).await;
    assert_eq!(unknown.status(), 400);
    let missing = server.get(&format!("{LAKE}?path=/gold/nothing")).await;
    assert_eq!(missing.status(), 404);
}

/// Every fourth row has no name.
fn parquet_of(rows: i64) -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    let schema = "message m { required int64 id; optional binary name (UTF8); }";
    let schema = parquet::schema::parser::parse_message_type(schema).unwrap();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema.into(), Arc::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    let ids: Vec<_> = (0..rows).collect();
    let mut column = group.next_column().unwrap().unwrap();
    (column.typed::<Int64Type>().write_batch(&ids, None, None)).unwrap();
    column.close().unwrap();
    let named = |id: &i64| id % 4 != 3;
    let levels: Vec<i16> = ids.iter().map(|id| i16::from(named(id))).collect();
    let names = ids.iter().filter(|id| named(id));
    let names: Vec<_> = names
        .map(|id| ByteArray::from(format!("café {id}").into_bytes()))
        .collect();
    let mut column = group.next_column().unwrap().unwrap();
    (column
        .typed::<ByteArrayType>()
        .write_batch(&names, Some(&levels), None))
    .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.close().unwrap();
    bytes
}

#[tokio::test]
async fn what_is_no_text_or_may_be_written_is_not_read() {
    let lake = TestLake::new();
    write(&lake.lake, "/gold/view/part.parquet", b"PAR1\0\0PAR1").await;
    write(&lake.lake, "/gold/view/_part-m-00000.run", b"half").await;
    write(
        &lake.lake,
        "/gold/view/long",
        "line\n".repeat(50_000).as_bytes(),
    )
    .await;
    let server = TestServer::start(&lake.lake).await;
    let file = |name: &'static str| {
        let server = &server;
        async move { below(server, &format!("/gold/view/{name}")).await["file"].clone() }
    };
    write(&lake.lake, "/gold/view/rows.parquet", &parquet_of(60)).await;
    let table = file("rows.parquet").await["table"].clone();
    assert_eq!(table["columns"], json!(["id", "name"]));
    assert_eq!(
        (&table["total_rows"], table["rows"].as_array().map(Vec::len)),
        (&json!(60), Some(50))
    );
    assert_eq!(table["rows"][0], json!(["0", "café 0"]));
    assert_eq!(table["rows"][3], json!(["3", null]));
    let parquet = file("part.parquet").await;
    assert_eq!(
        (&parquet["not_read"], &parquet["text"]),
        (&json!("binary"), &Value::Null)
    );
    assert_eq!(file("_part-m-00000.run").await["not_read"], "may_be_open");
    let long = file("long").await;
    assert_eq!(long["bytes"], 250_000);
    assert_eq!(long["is_whole"], false);
    assert!(long["text"].as_str().unwrap().len() <= 65_536);
}

#[tokio::test]
async fn a_segment_of_a_log_says_what_its_manifest_says() {
    let lake = TestLake::new();
    let home = "/user/flume/logs/app.log";
    let packed = zstd::bulk::compress(b"one line\nand another\n", 3).unwrap();
    let sealed = |name: &str, bytes: usize| {
        let body = json!({
            "version": 1, "number": 2, "previous": null, "epoch": 3,
            "source": {"host": "till", "name": "app.log"}, "sealed_at": "2026-11-22T13:00:00Z",
            "entry": {"kind": "sealed", "life": 1, "start": 0, "end": 21, "lines": 2,
                "from": "2026-11-21T13:00:00Z", "to": null, "raw_sha256": "00",
                "segment": {"name": name, "bytes": bytes, "sha256": "ab", "frames": []},
                "gaps": [], "ended": null},
        });
        format!("{body}\n{{\"public_key\":\"\",\"signature\":\"\"}}\n").into_bytes()
    };
    // It belongs to an hour; its manifest lies in the log's own directory.
    let name = "2026/11/21/13/segment-00000002-1f2e3d4c.zst";
    write(
        &lake.lake,
        &format!("{home}/manifest-00000002"),
        &sealed(name, packed.len()),
    )
    .await;
    write(&lake.lake, &format!("{home}/{name}"), &packed).await;
    let left = format!("{home}/segment-00000002-00000000.zst");
    write(&lake.lake, &left, &packed).await;
    let piece = "piece-000001-00000000000000000021-00000000000000000025-n1-e00000003";
    write(&lake.lake, &format!("{home}/{piece}"), b"tail").await;
    let server = TestServer::start(&lake.lake).await;

    let file = below(&server, &format!("{home}/{name}")).await["file"].clone();
    assert_eq!(file["text"], "one line\nand another\n");
    assert_eq!(file["is_whole"], true);
    let segment = &file["segment"];
    assert_eq!(segment["manifest"], format!("{home}/manifest-00000002"));
    assert_eq!(segment["size"], "as_expected");
    assert_eq!(segment["facts"]["lines"], 2);
    assert_eq!(segment["facts"]["log"], "app.log");
    // One that no manifest names means nothing.
    let other = below(&server, &left).await["file"]["segment"].clone();
    assert_eq!(
        other,
        json!({"manifest": null, "facts": null, "size": null})
    );
    let listed = below(&server, home).await;
    let shown = entry(&listed, piece);
    assert_eq!(
        (&shown["rows"], &shown["size"]),
        (&json!(1), &json!("as_expected"))
    );

    write(
        &lake.lake,
        &format!("{home}/manifest-00000002"),
        &sealed(name, 7),
    )
    .await;
    let file = below(&server, &format!("{home}/{name}")).await["file"].clone();
    assert_eq!(file["segment"]["size"], "differs");
}

#[tokio::test]
async fn a_lake_that_is_away_is_said_and_the_rest_answers() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let closed = socket.local_addr().unwrap();
    let lake = Lake::open(&format!("hdfs://{closed}"), options()).unwrap();
    let server = TestServer::start(&lake).await;
    for path in [LAKE, "/api/v1/lake?path=/user/sqoop"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status(), 503, "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/lake-unavailable");
        assert!(problem["hint"].is_string(), "{problem}");
    }
    // What needs no lake is refused all the same.
    let outside = server.get("/api/v1/lake?path=/etc").await;
    assert_eq!(outside.status(), 400);
    assert_eq!(server.get("/api/v1/health").await.status(), 200);
}
