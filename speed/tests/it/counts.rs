//! Lost and doubled records and wrong figures, counted; and the table of them that
//! `compose/test faults` prints.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;

/// The file that rows of the table are added to. With it, tests that draw among faults elsewhere go
/// through all of them.
const TABLE: &str = "COMPTOIR_TEST_FAULTS_TABLE";

/// What became of records, at one look. None, but for `records`, is what is expected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// That had to be there.
    pub(crate) records: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// Each figure that is not what it has to be, in words.
    pub(crate) wrong: Vec<String>,
    /// What `reconcile` names; `None` where it was not asked.
    pub(crate) reconcile: Option<Vec<String>>,
}

impl Counts {
    /// Of records that are counted by some key.
    pub(crate) fn of<K: Ord>(
        expected: impl IntoIterator<Item = (K, i64)>,
        found: impl IntoIterator<Item = (K, i64)>,
    ) -> Self {
        let mut counts = Self::default();
        let mut balance: BTreeMap<K, i64> = BTreeMap::new();
        for (key, count) in expected {
            counts.records += count.unsigned_abs();
            *balance.entry(key).or_default() += count;
        }
        for (key, count) in found {
            *balance.entry(key).or_default() -= count;
        }
        for missing in balance.into_values() {
            let many = missing.unsigned_abs();
            if missing > 0 {
                counts.lost += many;
            } else {
                counts.doubled += many;
            }
        }
        counts
    }

    pub(crate) fn reconciled(mut self, named: Vec<String>) -> Self {
        self.reconcile = Some(named);
        self
    }

    /// Adds the row to the table, if one is kept, and fails unless everything is as it has to be. The
    /// case is the test's name, and the part of it.
    pub(crate) fn settle(&self, part: &str) {
        self.report(part);
        let Self {
            lost,
            doubled,
            wrong,
            reconcile,
            ..
        } = self;
        let some: Vec<_> = wrong.iter().take(5).collect();
        assert!(
            (*lost, *doubled) == (0, 0) && wrong.is_empty(),
            "{part}: {lost} lost, {doubled} doubled, {} figures wrong: {some:#?}",
            wrong.len()
        );
        let named = reconcile.iter().flatten().collect::<Vec<_>>();
        assert!(named.is_empty(), "{part}: reconcile names {named:#?}");
    }

    fn report(&self, part: &str) {
        let Some(table) = std::env::var_os(TABLE) else {
            return;
        };
        let thread = std::thread::current();
        let case = thread.name().unwrap_or("?").replace("::", " ");
        let case = format!("{} {part}", case.replace('_', " "));
        let reconcile = match &self.reconcile {
            None => "-".to_owned(),
            Some(named) if named.is_empty() => "clean".to_owned(),
            Some(named) => format!("differs:{}", named.len()),
        };
        let Self {
            records,
            lost,
            doubled,
            wrong,
            ..
        } = self;
        let wrong = wrong.len();
        let row = format!(
            "{records}\t{lost}\t{doubled}\t{wrong}\t{reconcile}\t{}\n",
            case.trim()
        );
        let mut table = (OpenOptions::new().append(true).create(true))
            .open(table)
            .unwrap();
        // In one write: tests run beside each other.
        table.write_all(row.as_bytes()).unwrap();
    }
}

/// All of them where there is time for that: on local files, and where the table or the full counts
/// are asked for. Elsewhere the one that is drawn.
pub(crate) fn drawn<T>(of: &[T], is_local: bool, draw: u32) -> &[T] {
    let all = is_local
        || [TABLE, "COMPTOIR_TEST_KILLS"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
    if all {
        return of;
    }
    let index = usize::try_from(draw).unwrap() % of.len();
    &of[index..=index]
}
