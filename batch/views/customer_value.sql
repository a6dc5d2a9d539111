-- description: What each customer is worth: what was spent, how often and when last, with a loyalty
--   class and an RFM segment (batch/VIEWS.md defines both). Cancelled lines are no purchase.
-- source sales: import sales

WITH line AS (
    SELECT
        customername,
        country,
        orderdate,
        ordernumber,
        CASE WHEN status = 'Cancelled' THEN NULL ELSE ordernumber END AS purchase,
        CASE WHEN status = 'Cancelled' THEN NULL ELSE orderdate END AS purchased_on,
        CASE
            WHEN status = 'Cancelled' THEN CAST(0 AS DECIMAL(18, 2))
            ELSE CAST(sales AS DECIMAL(18, 2))
        END AS net
    FROM sales
),
customer AS (
    SELECT
        customername AS customer,
        MIN(country) AS country,
        SUM(net) AS spent,
        COUNT(DISTINCT purchase) AS purchases,
        COUNT(DISTINCT ordernumber) AS orders,
        MAX(purchased_on) AS last_purchase
    FROM line
    GROUP BY customername
),
buyer AS (
    SELECT
        customer,
        NTILE(5) OVER (ORDER BY last_purchase, customer) AS recency,
        NTILE(5) OVER (ORDER BY purchases, customer) AS frequency,
        NTILE(5) OVER (ORDER BY spent, customer) AS monetary
    FROM customer
    WHERE purchases > 0
)
SELECT
    customer.customer,
    customer.country,
    CAST(customer.spent AS DECIMAL(18, 2)) AS total_spent,
    customer.purchases,
    customer.orders,
    CASE
        WHEN customer.purchases = 0 THEN NULL
        ELSE CAST(
            CAST(customer.spent AS DECIMAL(18, 2)) / CAST(customer.purchases AS DECIMAL(10, 0))
            AS DECIMAL(18, 2)
        )
    END AS average_basket,
    customer.last_purchase,
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
        WHEN buyer.customer IS NULL THEN 'none'
        WHEN buyer.recency >= 4 AND buyer.frequency >= 4 AND buyer.monetary >= 4 THEN 'champion'
        WHEN buyer.recency >= 3 AND buyer.frequency >= 4 THEN 'loyal'
        WHEN buyer.recency >= 4 AND buyer.frequency <= 2 THEN 'new'
        WHEN buyer.recency <= 2 AND buyer.frequency >= 3 THEN 'at_risk'
        WHEN buyer.recency <= 2 THEN 'lost'
        ELSE 'regular'
    END AS segment
FROM customer
LEFT JOIN buyer ON buyer.customer = customer.customer
ORDER BY customer.customer
