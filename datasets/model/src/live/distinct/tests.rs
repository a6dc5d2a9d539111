use super::*;
use proptest::prelude::*;

fn sketch_of(ids: impl IntoIterator<Item = u32>) -> DistinctSketch {
    let mut sketch = DistinctSketch::new();
    for id in ids {
        sketch.insert(&format!("customer-{id}"));
    }
    sketch
}

fn error_of(estimate: u64, distinct: u32) -> f64 {
    let estimate = f64::from(u32::try_from(estimate).unwrap());
    (estimate - f64::from(distinct)) / f64::from(distinct)
}

#[test]
fn stays_within_four_sigma_from_one_to_a_hundred_thousand() {
    let mut sketch = DistinctSketch::new();
    for distinct in 1..=100_000 {
        sketch.insert(&format!("customer-{distinct}"));
        if distinct < 1_000 || distinct % 250 == 0 {
            let error = error_of(sketch.estimate(), distinct);
            assert!(error.abs() < 4.0 * DISTINCT_ERROR, "{distinct}: {error}");
        }
    }
}

#[test]
fn errs_to_neither_side_and_no_more_than_it_says() {
    let lives = 32_u32;
    for distinct in [300, 2_000, 20_000] {
        let errors = (0..lives).map(|life| {
            let first = life * 1_000_000;
            error_of(sketch_of(first..first + distinct).estimate(), distinct)
        });
        let errors: Vec<f64> = errors.collect();
        let mean = errors.iter().sum::<f64>() / f64::from(lives);
        let squares = errors.iter().map(|error| error * error).sum::<f64>();
        let deviation = (squares / f64::from(lives)).sqrt();
        assert!(
            mean.abs() < 4.0 * DISTINCT_ERROR / f64::from(lives).sqrt(),
            "{distinct}: {mean}"
        );
        assert!(deviation < 1.5 * DISTINCT_ERROR, "{distinct}: {deviation}");
    }
}

#[test]
fn merged_sketches_say_what_one_of_all_ids_says() {
    // Few and few, few and many, many and many, and overlapping ones.
    for (first, second) in [
        (0..3, 3..5),
        (0..300, 300..600),
        (0..50, 20..5_000),
        (0..5_000, 4_990..5_020),
        (0..5_000, 2_500..9_000),
        (0..0, 0..700),
    ] {
        let whole = sketch_of(first.start..second.end.max(first.end));
        let reversed = sketch_of((first.start..second.end).rev());
        let (first, second) = (sketch_of(first), sketch_of(second));
        let mut merged = second.clone();
        merged.merge(&first);
        assert_eq!(merged.estimate(), whole.estimate());
        assert_eq!(reversed.estimate(), whole.estimate());
        let union = DistinctSketch::union([&first, &second, &first]);
        assert_eq!(union.estimate(), whole.estimate());
    }
}

#[test]
fn a_stored_sketch_goes_on_where_it_was() {
    for ids in [0, 1, 8, 9, 200, 384, 385, 5_000, 50_000] {
        let sketch = sketch_of(0..ids);
        let bytes = sketch.to_bytes();
        assert!(bytes.len() <= 2_600, "{ids}: {} bytes", bytes.len());
        let mut read = DistinctSketch::from_bytes(&bytes).unwrap();
        assert_eq!(read.estimate(), sketch.estimate());
        assert_eq!(read.to_bytes().len(), bytes.len());
        for id in ids..ids + 400 {
            read.insert(&format!("customer-{id}"));
        }
        assert_eq!(read.estimate(), sketch_of(0..ids + 400).estimate());
    }
}

/// Sketches lie in warehouses for years: another hash or format would count every id twice.
#[test]
fn the_hash_and_the_format_are_those_of_the_first_release() {
    let first_release = [
        2, 1, 7, 12, 3, 8, 3, 0, // HLL in list mode, 2^12 registers, 3 ids
        0x9f, 0xc3, 0x42, 0x2b, 0xd8, 0x3f, 0x9c, 0x1e, 0x21, 0x7e, 0x8b, 0x06,
    ];
    let first_release = with_check(first_release.to_vec());
    assert_eq!(sketch_of(0..3).to_bytes(), first_release);
    assert_eq!(sketch_of(0..10_000).estimate(), 10_395);
}

fn with_check(mut bytes: Vec<u8>) -> Vec<u8> {
    let check = check(&bytes).to_le_bytes();
    bytes.extend(check);
    bytes
}

#[test]
fn refuses_bytes_that_are_no_sketch_of_ours() {
    assert_eq!(check(b"foobar"), 0xbf9c_f968);
    let error_of = |bytes: Vec<u8>| DistinctSketch::from_bytes(&bytes).err();
    assert_eq!(error_of(Vec::new()), Some(SketchError::Damaged));
    let smaller = HllSketch::new(10, HllType::Hll4).unwrap().serialize();
    assert_eq!(
        error_of(with_check(smaller)),
        Some(SketchError::Registers(10))
    );
    let error = error_of(with_check(b"not a sketch".to_vec()));
    assert!(
        matches!(error, Some(SketchError::Unreadable(_))),
        "{error:?}"
    );
}

proptest! {
    #[test]
    fn refuses_damaged_bytes(
        ids in 0_u32..2_000,
        at in any::<prop::sample::Index>(),
        change in 1_u8..,
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = sketch_of(0..ids).to_bytes();
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= change;
        prop_assert_eq!(
            DistinctSketch::from_bytes(&changed).err(),
            Some(SketchError::Damaged)
        );
        let cut = &bytes[..cut.index(bytes.len())];
        prop_assert_eq!(DistinctSketch::from_bytes(cut).err(), Some(SketchError::Damaged));
    }
}
