//! What each operation does, on either backend.

use crate::place::{Place, on_both};
use bytes::Bytes;
use comptoir_lake::{Create, EntryKind, LakeError, Recursive, Retry};

on_both!(
    reads_back_what_was_written_and_closed,
    reads_back_an_empty_file,
    reads_ranges_up_to_the_end,
    reads_a_file_on_although_its_name_went_to_another,
    creates_the_directories_above_a_file,
    an_exclusive_create_leaves_an_existing_file_alone,
    an_overwriting_create_replaces_the_file,
    lists_by_name_with_kind_length_and_time,
    tells_what_is_missing_from_what_is_not_a_directory,
    has_no_stat_of_what_is_missing,
    a_rename_moves_a_whole_directory,
    a_rename_never_overwrites,
    a_rename_names_what_is_missing,
    deletes_only_what_it_was_told_to,
    making_a_directory_twice_is_no_error_but_over_a_file_is,
    shows_the_length_of_an_open_file_after_hsync,
    a_closed_writer_takes_nothing_more,
    recovers_the_lease_of_a_closed_file_at_once,
    a_decisive_file_is_written_once,
    refuses_names_with_a_colon,
);

async fn reads_back_what_was_written_and_closed(place: &Place) {
    let path = place.path("large");
    // More than two chunks, and no multiple of any block.
    let content: Bytes = (0_u32..2_300_001).flat_map(u32::to_le_bytes).collect();
    let mut writer = place.lake.create(&path, Create::Exclusive).await.unwrap();
    writer.write(content.slice(..1_000)).await.unwrap();
    writer.write(content.slice(1_000..)).await.unwrap();
    writer.close().await.unwrap();
    assert_eq!(writer.length(), content.len() as u64);

    assert!(place.lake.read(&path).await.unwrap() == content);
    let mut reader = place.lake.open_read(&path).await.unwrap();
    assert_eq!(reader.len(), content.len() as u64);
    let mut read = Vec::new();
    while let Some(chunk) = reader.next_chunk().await.unwrap() {
        read.extend_from_slice(&chunk);
    }
    assert!(content == read);
}

async fn reads_back_an_empty_file(place: &Place) {
    place.write(&place.path("empty"), "").await;
    assert!(
        place
            .lake
            .read(&place.path("empty"))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn reads_ranges_up_to_the_end(place: &Place) {
    let path = place.path("file");
    place.write(&path, "0123456789").await;
    for (range, expected) in [
        (2..5, "234"),
        (8..99, "89"),
        (10..11, ""),
        (40..50, ""),
        (3..3, ""),
    ] {
        let read = place.lake.read_range(&path, range.clone()).await.unwrap();
        assert_eq!(read, expected, "{range:?}");
    }
}

async fn reads_a_file_on_although_its_name_went_to_another(place: &Place) {
    let (path, aside) = (place.path("a/file"), place.path("aside"));
    place.write(&path, "old").await;
    let mut reader = place.lake.open_read(&path).await.unwrap();
    place.lake.rename(&place.path("a"), &aside).await.unwrap();
    place.write(&path, "new!").await;
    assert_eq!(reader.next_chunk().await.unwrap().unwrap(), "old");
    assert_eq!(place.lake.read(&path).await.unwrap(), "new!");
}

async fn creates_the_directories_above_a_file(place: &Place) {
    place.write(&place.path("a/b/c"), "x").await;
    let above = place.lake.stat(&place.path("a/b")).await.unwrap().unwrap();
    assert_eq!(above.kind, EntryKind::Directory);
}

async fn an_exclusive_create_leaves_an_existing_file_alone(place: &Place) {
    let path = place.path("file");
    place.write(&path, "first").await;
    let error = place
        .lake
        .create(&path, Create::Exclusive)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, LakeError::AlreadyExists { path: at } if *at == path),
        "{error}"
    );
    assert_eq!(error.retry(), Retry::CanNot);
    assert_eq!(place.lake.read(&path).await.unwrap(), "first");
}

async fn an_overwriting_create_replaces_the_file(place: &Place) {
    let path = place.path("file");
    place.write(&path, "a long first content").await;
    place.write(&path, "second").await;
    assert_eq!(place.lake.read(&path).await.unwrap(), "second");
    assert_eq!(place.names(&place.root).await, ["file"]);
}

async fn lists_by_name_with_kind_length_and_time(place: &Place) {
    place.write(&place.path("b"), "12345").await;
    place.write(&place.path("a.d/x"), "1").await;
    place.write(&place.path("a"), "").await;
    let entries = place.lake.list(&place.root).await.unwrap();
    let listed: Vec<_> = entries
        .iter()
        .map(|e| (e.name(), e.kind, e.length))
        .collect();
    assert_eq!(
        listed,
        [
            ("a", EntryKind::File, 0),
            ("a.d", EntryKind::Directory, 0),
            ("b", EntryKind::File, 5)
        ]
    );
    for entry in &entries {
        assert_eq!(
            place.lake.stat(&entry.path).await.unwrap().as_ref(),
            Some(entry)
        );
        assert!(entry.modified.as_second() > 1_700_000_000, "{entry:?}");
        assert!(!entry.owner.is_empty());
    }
}

async fn tells_what_is_missing_from_what_is_not_a_directory(place: &Place) {
    let (missing, file) = (place.path("missing"), place.path("file"));
    place.write(&file, "x").await;
    for error in [
        place.lake.list(&missing).await.unwrap_err(),
        place.lake.read(&missing).await.unwrap_err(),
        place.lake.open_read(&missing).await.unwrap_err(),
    ] {
        assert!(
            matches!(&error, LakeError::NotFound { path } if *path == missing),
            "{error}"
        );
    }
    let error = place.lake.list(&file).await.unwrap_err();
    let expected = EntryKind::Directory;
    assert!(
        matches!(error, LakeError::WrongKind { expected: e, .. } if e == expected),
        "{error}"
    );
    let error = place.lake.read(&place.root).await.unwrap_err();
    let expected = EntryKind::File;
    assert!(
        matches!(error, LakeError::WrongKind { expected: e, .. } if e == expected),
        "{error}"
    );
}

async fn has_no_stat_of_what_is_missing(place: &Place) {
    place.write(&place.path("file"), "x").await;
    for path in ["missing", "missing/below", "file/below"] {
        assert_eq!(
            place.lake.stat(&place.path(path)).await.unwrap(),
            None,
            "{path}"
        );
    }
}

async fn a_rename_moves_a_whole_directory(place: &Place) {
    place.write(&place.path("from/a/b"), "x").await;
    place
        .lake
        .rename(&place.path("from"), &place.path("to"))
        .await
        .unwrap();
    assert_eq!(place.lake.read(&place.path("to/a/b")).await.unwrap(), "x");
    assert_eq!(place.names(&place.root).await, ["to"]);
}

async fn a_rename_never_overwrites(place: &Place) {
    place.write(&place.path("file"), "file").await;
    place.write(&place.path("full/x"), "x").await;
    place.lake.mkdirs(&place.path("empty")).await.unwrap();
    for from in ["file", "full"] {
        for to in ["file", "full", "empty"] {
            if from == to {
                continue;
            }
            let renamed = place.lake.rename(&place.path(from), &place.path(to)).await;
            let error = renamed.unwrap_err();
            assert!(
                matches!(&error, LakeError::AlreadyExists { path } if *path == place.path(to)),
                "{from} to {to}: {error}"
            );
        }
    }
    assert_eq!(place.names(&place.root).await, ["empty", "file", "full"]);
}

async fn a_rename_names_what_is_missing(place: &Place) {
    place.write(&place.path("file"), "x").await;
    let from_nothing = place
        .lake
        .rename(&place.path("no"), &place.path("to"))
        .await;
    let error = from_nothing.unwrap_err();
    assert!(
        matches!(&error, LakeError::NotFound { path } if *path == place.path("no")),
        "{error}"
    );
    let to_nowhere = place
        .lake
        .rename(&place.path("file"), &place.path("d/to"))
        .await;
    let error = to_nowhere.unwrap_err();
    assert!(
        matches!(&error, LakeError::NotFound { path } if *path == place.path("d")),
        "{error}"
    );
}

async fn deletes_only_what_it_was_told_to(place: &Place) {
    let directory = place.path("d");
    place.write(&place.path("d/file"), "x").await;
    let error = place
        .lake
        .delete(&directory, Recursive::No)
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::NotEmpty { .. }), "{error}");
    assert!(place.lake.delete(&directory, Recursive::Yes).await.unwrap());
    assert!(!place.lake.delete(&directory, Recursive::Yes).await.unwrap());
    assert!(
        !place
            .lake
            .delete(&place.path("never"), Recursive::No)
            .await
            .unwrap()
    );
}

async fn making_a_directory_twice_is_no_error_but_over_a_file_is(place: &Place) {
    place.lake.mkdirs(&place.path("a/b")).await.unwrap();
    place.lake.mkdirs(&place.path("a/b")).await.unwrap();
    place.write(&place.path("file"), "x").await;
    let error = place.lake.mkdirs(&place.path("file")).await.unwrap_err();
    assert!(matches!(error, LakeError::AlreadyExists { .. }), "{error}");
    let error = place
        .lake
        .mkdirs(&place.path("file/below"))
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::WrongKind { .. }), "{error}");
}

async fn shows_the_length_of_an_open_file_after_hsync(place: &Place) {
    let path = place.path("open");
    let mut writer = place.lake.create(&path, Create::Exclusive).await.unwrap();
    for length in [5_u64, 10, 15] {
        writer.write(Bytes::from_static(b"12345")).await.unwrap();
        writer.hsync().await.unwrap();
        let entry = place.lake.stat(&path).await.unwrap().unwrap();
        assert_eq!(entry.length, length);
    }
    writer.close().await.unwrap();
}

async fn a_closed_writer_takes_nothing_more(place: &Place) {
    let mut writer = place
        .lake
        .create(&place.path("file"), Create::Exclusive)
        .await
        .unwrap();
    writer.close().await.unwrap();
    writer.close().await.unwrap();
    let error = writer.write(Bytes::from_static(b"x")).await.unwrap_err();
    assert!(matches!(error, LakeError::WriterClosed { .. }), "{error}");
    assert!(matches!(
        writer.hsync().await,
        Err(LakeError::WriterClosed { .. })
    ));
}

async fn recovers_the_lease_of_a_closed_file_at_once(place: &Place) {
    let path = place.path("file");
    place.write(&path, "x").await;
    assert!(place.lake.recover_lease(&path).await.unwrap());
    let error = place
        .lake
        .recover_lease(&place.path("missing"))
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::NotFound { .. }), "{error}");
}

async fn a_decisive_file_is_written_once(place: &Place) {
    let path = place.path("d/owner-1");
    place
        .lake
        .write_decisive(&path, "first".into())
        .await
        .unwrap();
    let error = place
        .lake
        .write_decisive(&path, "second".into())
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::AlreadyExists { .. }), "{error}");
    assert_eq!(place.lake.read(&path).await.unwrap(), "first");
    assert_eq!(place.names(&place.path("d")).await, ["owner-1"]);
}

async fn refuses_names_with_a_colon(place: &Place) {
    assert!(place.root.join("10:30").is_err());
}
