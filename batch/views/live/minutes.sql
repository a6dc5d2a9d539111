-- What the live figures add up, by minute and by all that an event says of itself.

SELECT
    DATE_TRUNC('MINUTE', event_time) AS minute,
    currency,
    category,
    country,
    city,
    channel,
    status,
    COUNT(*) AS transactions,
    SUM(CAST(quantity AS BIGINT)) AS quantity,
    CAST(SUM(CASE WHEN status = 'APPROVED' THEN amount ELSE 0 END) AS DECIMAL(18, 2)) AS gross,
    CAST(SUM(CASE WHEN status = 'REFUNDED' THEN amount ELSE 0 END) AS DECIMAL(18, 2)) AS refunds
FROM events
GROUP BY
    DATE_TRUNC('MINUTE', event_time), currency, category, country, city, channel, status
ORDER BY minute
