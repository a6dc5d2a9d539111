//! What readers see.

use super::{Additive, Coverage, GenerationNumber, Overflow, PartitionKey, Side};

/// The current run's rows plus the buckets that it does not speak for.
///
/// Coverage, rows and buckets are read in one snapshot transaction. Buckets of covered generations
/// may be among `buckets`: what is not pruned yet does not count. `T` may be one total, or totals
/// by key (a map), so that ranking and filtering come after the merge.
pub fn serve<'a, T: Additive + 'a>(
    coverage: &Coverage,
    rows: impl IntoIterator<Item = &'a T>,
    buckets: impl IntoIterator<Item = (&'a PartitionKey, GenerationNumber, &'a T)>,
) -> Result<T, Overflow> {
    let mut figures = T::default();
    for row in rows {
        figures.add(row)?;
    }
    for (partition, generation, bucket) in buckets {
        if coverage.side_of(partition, generation) == Side::Buckets {
            figures.add(bucket)?;
        }
    }
    Ok(figures)
}
