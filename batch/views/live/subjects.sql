-- What top lists are ranked from: the totals of each product, merchant, customer and amount bucket,
-- by quarter of an hour. Events without a customer belong to none.

WITH sale AS (
    SELECT
        DATE_TRUNC('HOUR', event_time) AS hour,
        CASE
            WHEN EXTRACT(MINUTE FROM event_time) < 15 THEN 0
            WHEN EXTRACT(MINUTE FROM event_time) < 30 THEN 1
            WHEN EXTRACT(MINUTE FROM event_time) < 45 THEN 2
            ELSE 3
        END AS quarter,
        currency,
        product_id,
        merchant,
        customer_id,
        CASE
            WHEN amount < 10 THEN '0'
            WHEN amount < 25 THEN '10'
            WHEN amount < 50 THEN '25'
            WHEN amount < 100 THEN '50'
            WHEN amount < 250 THEN '100'
            WHEN amount < 500 THEN '250'
            WHEN amount < 1000 THEN '500'
            WHEN amount < 2500 THEN '1000'
            WHEN amount < 5000 THEN '2500'
            WHEN amount < 10000 THEN '5000'
            ELSE '10000'
        END AS amount_bucket,
        CASE WHEN status = 'APPROVED' THEN 1 ELSE 0 END AS approved,
        CASE WHEN status = 'APPROVED' THEN CAST(quantity AS BIGINT) ELSE 0 END AS units,
        CASE WHEN status = 'APPROVED' THEN amount ELSE 0 END AS gross,
        CASE WHEN status = 'REFUNDED' THEN amount ELSE 0 END AS refunds
    FROM events
)
SELECT
    hour,
    quarter,
    currency,
    CASE
        WHEN GROUPING(product_id) = 0 THEN 'product'
        WHEN GROUPING(merchant) = 0 THEN 'merchant'
        WHEN GROUPING(customer_id) = 0 THEN 'customer'
        ELSE 'amount_bucket'
    END AS kind,
    COALESCE(product_id, merchant, customer_id, amount_bucket) AS name,
    COUNT(*) AS transactions,
    SUM(approved) AS approved,
    SUM(units) AS units,
    CAST(SUM(gross) AS DECIMAL(18, 2)) AS gross,
    CAST(SUM(refunds) AS DECIMAL(18, 2)) AS refunds
FROM sale
GROUP BY GROUPING SETS (
    (hour, quarter, currency, product_id),
    (hour, quarter, currency, merchant),
    (hour, quarter, currency, customer_id),
    (hour, quarter, currency, amount_bucket)
)
HAVING NOT (GROUPING(customer_id) = 0 AND customer_id IS NULL)
ORDER BY hour, quarter
