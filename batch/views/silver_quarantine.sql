-- description: Every accepted live event that a rule of quality.toml sets aside, with the first rule that
--   does. It counts in the live figures all the same.
-- source events: archive quarantined
-- output: delta silver/quarantine
-- partition by: day
-- incremental: events
-- late: rows
-- served: no

SELECT
    rule,
    day,
    event_time,
    event_id,
    order_id,
    CAST(order_line AS BIGINT) AS order_line,
    status,
    channel,
    payment_method,
    customer_id,
    customer_name,
    product_id,
    product_name,
    category,
    merchant,
    country,
    city,
    CAST(quantity AS BIGINT) AS quantity,
    CAST(unit_price AS DECIMAL(18, 2)) AS unit_price,
    CAST(amount AS DECIMAL(18, 2)) AS amount,
    currency,
    _stream AS stream,
    CAST(_partition AS BIGINT) AS partition_number,
    _offset AS record_offset
FROM events
