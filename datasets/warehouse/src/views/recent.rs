//! The last transactions of each partition, one by one.

use super::PartitionId;
use super::commit::ROWS_MAX;
use crate::dialect::OnConflict;
use crate::error::{Result, WarehouseError};
use crate::rows::{Cells, stored};
use crate::session::{Insert, Session};
use crate::transactions::COLUMNS;
use comptoir_database::Value;
use comptoir_model::event::{Amount, CustomerId, Label};
use comptoir_model::live::{Hundredths, Overflow, RECENT_MAX, Recent, Tally};

const TABLE: Insert<'_> = Insert {
    table: "recent",
    key: &["partition_id", "record_offset"],
    columns: COLUMNS,
    on_conflict: OnConflict::Keep,
};

/// Adds transactions and removes those that are too old, so that at most [`RECENT_MAX`] stay.
pub(super) async fn write(
    session: &mut Session,
    partition: PartitionId,
    tally: &Tally,
) -> Result<()> {
    let count = tally.recent_count();
    if count >= RECENT_MAX {
        // All that are there are older.
        remove_all(session, partition).await?;
    }
    let mut newest = tally.recent();
    loop {
        let recent: Vec<Recent<'_>> = newest.by_ref().take(ROWS_MAX).collect();
        if recent.is_empty() {
            break;
        }
        let mut values = Vec::with_capacity(recent.len() * COLUMNS.len());
        for recent in &recent {
            values.extend(row(partition, recent)?);
        }
        session.insert(&TABLE, &values).await?;
    }
    if (1..RECENT_MAX).contains(&count) {
        remove_surplus(session, partition).await?;
    }
    Ok(())
}

fn row<'a>(partition: PartitionId, recent: &'a Recent<'_>) -> Result<[Value<'a>; COLUMNS.len()]> {
    let event = &recent.event;
    Ok([
        Value::Integer(partition.0),
        Value::Integer(stored(recent.offset)?),
        Value::Integer(event.event_time.timestamp().as_microsecond()),
        Value::Text(event.event_id.as_str()),
        Value::Text(event.order_id.as_str()),
        Value::Integer(event.order_line.get().into()),
        Value::text_or_null(event.customer_id.as_ref().map(CustomerId::as_str)),
        Value::text_or_null(event.customer_name.as_ref().map(Label::as_str)),
        Value::Text(event.product_id.as_str()),
        Value::Text(event.product_name.as_str()),
        Value::Text(event.category.as_str()),
        Value::Text(event.merchant.as_str()),
        Value::Integer(event.quantity.get().into()),
        Value::Integer(hundredths(event.unit_price)?),
        Value::Integer(hundredths(event.amount)?),
        Value::Text(event.currency.as_str()),
        Value::Text(event.country.as_str()),
        Value::Text(event.city.as_str()),
        Value::Text(event.channel.as_str()),
        Value::Text(event.payment_method.as_str()),
        Value::Text(event.status.as_str()),
    ])
}

fn hundredths(amount: Amount) -> Result<i64> {
    let hundredths = Hundredths::from_decimal(amount.decimal());
    Ok(hundredths.ok_or(WarehouseError::Overflow(Overflow))?.0)
}

async fn remove_surplus(session: &mut Session, partition: PartitionId) -> Result<()> {
    let sql = "SELECT record_offset FROM recent WHERE partition_id = ? \
               ORDER BY record_offset DESC LIMIT 1 OFFSET ?";
    let last_kept = RECENT_MAX as u64 - 1;
    let values = [partition.0, last_kept.cast_signed()].map(Value::Integer);
    let rows = (session.select("looking for old transactions", sql, &values)).await?;
    match rows.first() {
        None => Ok(()),
        Some(row) => {
            let oldest_kept = Cells::of("recent", row).integer()?;
            remove_below(session, partition, oldest_kept).await
        }
    }
}

async fn remove_all(session: &mut Session, partition: PartitionId) -> Result<()> {
    let sql = "DELETE FROM recent WHERE partition_id = ?";
    let of = [Value::Integer(partition.0)];
    session.run("removing old transactions", sql, &of).await?;
    Ok(())
}

async fn remove_below(session: &mut Session, partition: PartitionId, offset: i64) -> Result<()> {
    let sql = "DELETE FROM recent WHERE partition_id = ? AND record_offset < ?";
    let values = [partition.0, offset].map(Value::Integer);
    session
        .run("removing old transactions", sql, &values)
        .await?;
    Ok(())
}
