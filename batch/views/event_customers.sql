-- description: The 1,000 customers who spent most in live sales, by currency, with their baskets, their
--   last purchase and the order in which they come. Events without a customer are nobody's.
-- source events: archive events

-- Two levels, so that orders can be counted on the disk: see event_cube.
WITH per_order AS (
    SELECT
        currency,
        customer_id,
        order_id,
        MAX(customer_name) AS customer_name,
        MAX(CASE WHEN status = 'APPROVED' THEN 1 ELSE 0 END) AS is_purchase,
        SUM(CASE WHEN status = 'APPROVED' THEN amount ELSE 0 END) AS gross,
        SUM(CASE WHEN status = 'REFUNDED' THEN amount ELSE 0 END) AS refunds,
        MAX(CASE WHEN status = 'APPROVED' THEN event_time END) AS last_purchase
    FROM events
    WHERE customer_id IS NOT NULL
    GROUP BY currency, customer_id, order_id
),
customer AS (
    SELECT
        currency,
        customer_id,
        MAX(customer_name) AS customer_name,
        CAST(SUM(is_purchase) AS BIGINT) AS purchases,
        SUM(gross) AS gross,
        SUM(refunds) AS refunds,
        MAX(last_purchase) AS last_purchase
    FROM per_order
    GROUP BY currency, customer_id
),
ranked AS (
    SELECT
        ROW_NUMBER() OVER (
            PARTITION BY currency ORDER BY gross - refunds DESC, customer_id
        ) AS place,
        currency,
        customer_id,
        customer_name,
        purchases,
        gross,
        refunds,
        last_purchase
    FROM customer
)
SELECT
    currency,
    CAST(place AS BIGINT) AS place,
    customer_id,
    customer_name,
    purchases,
    CAST(gross AS DECIMAL(18, 2)) AS gross,
    CAST(refunds AS DECIMAL(18, 2)) AS refunds,
    CAST(gross - refunds AS DECIMAL(18, 2)) AS net,
    CAST(
        CASE WHEN purchases > 0
            THEN CAST(gross AS DECIMAL(18, 2)) / CAST(purchases AS DECIMAL(18, 0))
        END AS DECIMAL(18, 2)
    ) AS average_basket,
    last_purchase
FROM ranked
WHERE place <= 1000
ORDER BY currency, place
