-- description: Live sales by day (UTC), category, channel and country, each alone and all together; NULL
--   stands for all of them.
-- source events: archive events

-- Sums have few groups. Orders have many, because one counts once: COUNT(DISTINCT order_id) holds all orders
-- of a day in memory, two levels can put them on the disk, with nothing but their keys. No accepted event is
-- without any of these columns.
WITH sums AS (
    SELECT
        CAST(event_time AS DATE) AS sale_day,
        currency,
        category,
        channel,
        country,
        COUNT(*) AS transactions,
        0 AS orders,
        SUM(CASE WHEN status = 'APPROVED' THEN amount ELSE 0 END) AS gross,
        SUM(CASE WHEN status = 'REFUNDED' THEN amount ELSE 0 END) AS refunds,
        SUM(CASE WHEN status = 'APPROVED' THEN amount WHEN status = 'REFUNDED' THEN 0 - amount ELSE 0 END)
            AS net
    FROM events
    GROUP BY GROUPING SETS (
        (CAST(event_time AS DATE), currency),
        (CAST(event_time AS DATE), currency, category),
        (CAST(event_time AS DATE), currency, channel),
        (CAST(event_time AS DATE), currency, country)
    )
),
per_order AS (
    SELECT
        CAST(event_time AS DATE) AS sale_day,
        currency,
        category,
        channel,
        country,
        order_id
    FROM events
    GROUP BY GROUPING SETS (
        (CAST(event_time AS DATE), currency, order_id),
        (CAST(event_time AS DATE), currency, category, order_id),
        (CAST(event_time AS DATE), currency, channel, order_id),
        (CAST(event_time AS DATE), currency, country, order_id)
    )
),
counted AS (
    SELECT * FROM sums
    UNION ALL
    SELECT sale_day, currency, category, channel, country, 0, COUNT(*), 0, 0, 0
    FROM per_order
    GROUP BY sale_day, currency, category, channel, country
)
SELECT
    sale_day,
    currency,
    category,
    channel,
    country,
    CAST(SUM(transactions) AS BIGINT) AS transactions,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(gross) AS DECIMAL(18, 2)) AS gross,
    CAST(SUM(refunds) AS DECIMAL(18, 2)) AS refunds,
    CAST(SUM(net) AS DECIMAL(18, 2)) AS net
FROM counted
GROUP BY sale_day, currency, category, channel, country
ORDER BY sale_day, currency, category, channel, country
