-- description: What each customer of the live sales is worth, in each currency: what was spent, how
--   often and when last, with a loyalty class and an RFM segment (batch/VIEWS.md defines both).
--   Events without a customer are nobody's.
-- source transactions: view silver_transactions
-- output: delta silver/customers
-- served: no

WITH numbered AS (
    SELECT
        currency,
        customer_id,
        customer_name,
        customer_country,
        country,
        ROW_NUMBER() OVER (
            PARTITION BY currency, customer_id
            ORDER BY event_time DESC, stream, partition_number, record_offset DESC
        ) AS place
    FROM transactions
    WHERE customer_id IS NOT NULL
),
newest AS (
    SELECT
        currency,
        customer_id,
        customer_name,
        CASE WHEN customer_country = 'unknown' THEN country ELSE customer_country END AS country
    FROM numbered
    WHERE place = 1
),
-- Two levels, so that orders can be counted on the disk: see event_cube.
per_order AS (
    SELECT
        currency,
        customer_id,
        order_id,
        SUM(gross) AS gross,
        SUM(net) AS net,
        MAX(CASE WHEN status = 'APPROVED' THEN 1 ELSE 0 END) AS is_purchase,
        MAX(CASE WHEN status = 'APPROVED' THEN event_time END) AS last_purchase
    FROM transactions
    WHERE customer_id IS NOT NULL
    GROUP BY currency, customer_id, order_id
),
customer AS (
    SELECT
        currency,
        customer_id,
        CAST(SUM(gross) AS DECIMAL(18, 2)) AS gross,
        CAST(SUM(net) AS DECIMAL(18, 2)) AS spent,
        CAST(SUM(is_purchase) AS BIGINT) AS purchases,
        MAX(last_purchase) AS last_purchase
    FROM per_order
    GROUP BY currency, customer_id
),
buyer AS (
    SELECT
        currency,
        customer_id,
        NTILE(5) OVER (PARTITION BY currency ORDER BY last_purchase, customer_id) AS recency,
        NTILE(5) OVER (PARTITION BY currency ORDER BY purchases, customer_id) AS frequency,
        NTILE(5) OVER (PARTITION BY currency ORDER BY spent, customer_id) AS monetary
    FROM customer
    WHERE purchases > 0
)
SELECT
    customer.currency AS currency,
    customer.customer_id AS customer_id,
    newest.customer_name AS customer_name,
    newest.country AS country,
    customer.spent AS total_spent,
    customer.purchases AS purchases,
    CAST(
        CASE WHEN customer.purchases > 0
            THEN customer.gross / CAST(customer.purchases AS DECIMAL(18, 0))
        END AS DECIMAL(18, 2)
    ) AS average_basket,
    customer.last_purchase AS last_purchase,
    CASE
        WHEN customer.purchases >= 6 THEN 'platinum'
        WHEN customer.purchases >= 4 THEN 'gold'
        WHEN customer.purchases >= 2 THEN 'silver'
        WHEN customer.purchases = 1 THEN 'bronze'
        ELSE 'none'
    END AS loyalty_class,
    CAST(buyer.recency AS BIGINT) AS recency,
    CAST(buyer.frequency AS BIGINT) AS frequency,
    CAST(buyer.monetary AS BIGINT) AS monetary,
    CASE
        WHEN buyer.customer_id IS NULL THEN 'none'
        WHEN buyer.recency >= 4 AND buyer.frequency >= 4 AND buyer.monetary >= 4 THEN 'champion'
        WHEN buyer.recency >= 3 AND buyer.frequency >= 4 THEN 'loyal'
        WHEN buyer.recency >= 4 AND buyer.frequency <= 2 THEN 'new'
        WHEN buyer.recency <= 2 AND buyer.frequency >= 3 THEN 'at_risk'
        WHEN buyer.recency <= 2 THEN 'lost'
        ELSE 'regular'
    END AS segment
FROM customer
INNER JOIN newest ON newest.currency = customer.currency AND newest.customer_id = customer.customer_id
LEFT JOIN buyer ON buyer.currency = customer.currency AND buyer.customer_id = customer.customer_id
ORDER BY currency, customer_id
