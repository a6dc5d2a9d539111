-- description: Live sales by day (UTC), category, channel and country, each alone and all together; NULL
--   stands for all of them.
-- source events: archive events

-- Two levels, because an order counts once: COUNT(DISTINCT order_id) holds all orders of a day in memory,
-- this can put them on the disk. No accepted event is without any of these columns.
WITH per_order AS (
    SELECT
        CAST(event_time AS DATE) AS sale_day,
        currency,
        category,
        channel,
        country,
        order_id,
        COUNT(*) AS transactions,
        SUM(CASE WHEN status = 'APPROVED' THEN amount ELSE 0 END) AS gross,
        SUM(CASE WHEN status = 'REFUNDED' THEN amount ELSE 0 END) AS refunds,
        SUM(CASE WHEN status = 'APPROVED' THEN amount WHEN status = 'REFUNDED' THEN 0 - amount ELSE 0 END)
            AS net
    FROM events
    GROUP BY GROUPING SETS (
        (CAST(event_time AS DATE), currency, order_id),
        (CAST(event_time AS DATE), currency, category, order_id),
        (CAST(event_time AS DATE), currency, channel, order_id),
        (CAST(event_time AS DATE), currency, country, order_id)
    )
)
SELECT
    sale_day,
    currency,
    category,
    channel,
    country,
    CAST(SUM(transactions) AS BIGINT) AS transactions,
    COUNT(*) AS orders,
    CAST(SUM(gross) AS DECIMAL(18, 2)) AS gross,
    CAST(SUM(refunds) AS DECIMAL(18, 2)) AS refunds,
    CAST(SUM(net) AS DECIMAL(18, 2)) AS net
FROM per_order
GROUP BY sale_day, currency, category, channel, country
ORDER BY sale_day, currency, category, channel, country
