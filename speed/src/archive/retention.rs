//! How long the archive keeps rows: never less than everybody who reads it needs.

use crate::sink::SinkError;
use comptoir_bronze::{Forgot, OutputTable, Retention, Snapshot, Sweep, Table, Taken};
use comptoir_lake::LakePath;
use comptoir_model::ids::Offset;
use comptoir_model::merge::PartitionKey;
use comptoir_model::verdict::Reach;
use comptoir_model::view_result::LakeFormat;
use comptoir_warehouse::Warehouse;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::collections::BTreeMap;

/// What is kept, and for how long.
#[derive(Clone, Debug)]
pub struct Keeping {
    pub table: Table,
    pub warehouse: Warehouse,
    /// How far back duplicates are looked for.
    pub reach: Reach,
    pub days: u32,
}

impl Keeping {
    /// Lets rows go that are old enough and that everybody has, or only counts them.
    pub async fn forget(&self, now: Timestamp, sweep: Sweep) -> Result<Forgot, SinkError> {
        let retention = Retention {
            before: self.before(now).await?,
            taken: self.taken().await?,
            reach: self.reach,
        };
        Ok(self.table.forget(&retention, sweep).await?)
    }

    /// The first day that is not old enough, by the clock and by the newest day that is archived:
    /// neither a clock that is ahead nor a record from the future lets anything go by itself.
    async fn before(&self, now: Timestamp) -> Result<Date, SinkError> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let newest = Snapshot::newest(&self.table).await?;
        let newest = newest.and_then(|newest| newest.newest_day());
        let last = newest.map_or(today, |newest| newest.min(today));
        Ok(last.saturating_sub(Span::new().days(self.days)))
    }

    /// Up to where the live run and every incremental view have the events of each partition. It
    /// may be more by the time that it is used, never less.
    async fn taken(&self) -> Result<BTreeMap<PartitionKey, Taken>, SinkError> {
        let facts = self.warehouse.batch_facts().await?;
        let by_run = |below| Taken {
            below,
            by: "the live run".to_owned(),
        };
        let mut taken: BTreeMap<_, _> = (facts.partitions.into_iter())
            .filter_map(|(key, recorded)| Some((key, by_run(recorded.current?.end))))
            .collect();
        for result in self.warehouse.view_results().await? {
            let lake = result.about.lake.as_ref();
            let Some(lake) = lake.filter(|lake| lake.format == LakeFormat::Delta) else {
                continue;
            };
            let directory = LakePath::parse(&lake.location)?;
            let newest = OutputTable::beside(&self.table, &directory)?;
            let newest = newest.newest().await?;
            // A table that is gone has nothing to keep rows for.
            let Some(by_view) = newest.and_then(|newest| newest.taken()) else {
                continue;
            };
            for (key, taken) in &mut taken {
                let below = by_view.get(key).copied().unwrap_or(Offset(0));
                if below < taken.below {
                    let by = format!("the view {}", result.view);
                    *taken = Taken { below, by };
                }
            }
        }
        Ok(taken)
    }
}

/// In words.
pub fn told(forgot: &Forgot, sweep: Sweep) -> String {
    let Forgot {
        rows,
        before,
        kept_back,
    } = forgot;
    let done = match sweep {
        Sweep::Delete => "went",
        Sweep::Look => "would go",
    };
    let mut told = match before {
        None => "no day is forgotten".to_owned(),
        Some(before) => {
            let rows = rows.total();
            format!("{rows} rows of days before {before} {done}")
        }
    };
    if let Some(kept_back) = kept_back {
        told = format!("{told}; {kept_back}");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptoir_bronze::{KeptBack, RowCounts};
    use comptoir_model::ids::{Partition, StreamId};
    use jiff::civil::date;

    #[test]
    fn what_stays_is_told_with_its_reason() {
        let mut forgot = Forgot::default();
        assert_eq!(told(&forgot, Sweep::Delete), "no day is forgotten");
        let day = date(2026, 1, 3);
        forgot.before = Some(day);
        forgot.rows = RowCounts {
            accepted: 5,
            rejected: 1,
            ..RowCounts::default()
        };
        assert_eq!(
            told(&forgot, Sweep::Look),
            "6 rows of days before 2026-01-03 would go"
        );
        forgot.kept_back = Some(KeptBack {
            day,
            key: PartitionKey {
                stream: StreamId("s".to_owned()),
                partition: Partition(0),
            },
            taken: Some(Taken {
                below: Offset(7),
                by: "the view top".to_owned(),
            }),
        });
        assert_eq!(
            told(&forgot, Sweep::Delete),
            "6 rows of days before 2026-01-03 went; days from 2026-01-03 on stay: of partition 0 \
             of s the view top has taken only what lies below offset 7"
        );
    }
}
