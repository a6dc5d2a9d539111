-- description: Live sales by day (UTC), category, channel and country, each alone and all together; NULL
--   stands for all of them.
-- source events: archive events

SELECT
    CAST(event_time AS DATE) AS sale_day,
    currency,
    category,
    channel,
    country,
    COUNT(*) AS transactions,
    COUNT(DISTINCT order_id) AS orders,
    CAST(SUM(CASE WHEN status = 'APPROVED' THEN amount ELSE 0 END) AS DECIMAL(18, 2)) AS gross,
    CAST(SUM(CASE WHEN status = 'REFUNDED' THEN amount ELSE 0 END) AS DECIMAL(18, 2)) AS refunds,
    CAST(
        SUM(CASE WHEN status = 'APPROVED' THEN amount WHEN status = 'REFUNDED' THEN 0 - amount ELSE 0 END)
        AS DECIMAL(18, 2)
    ) AS net
FROM events
GROUP BY GROUPING SETS (
    (CAST(event_time AS DATE), currency),
    (CAST(event_time AS DATE), currency, category),
    (CAST(event_time AS DATE), currency, channel),
    (CAST(event_time AS DATE), currency, country)
)
ORDER BY sale_day, currency, category, channel, country
