-- description: The baskets (orders with a line that is not cancelled) of each month: how many, how
--   much in each, the smallest and the largest.
-- source sales: import sales

WITH basket AS (
    SELECT
        ordernumber,
        SUBSTRING(CAST(MIN(orderdate) AS STRING), 1, 7) AS month,
        COUNT(*) AS line_count,
        SUM(CAST(quantityordered AS BIGINT)) AS pieces,
        CAST(SUM(CAST(sales AS DECIMAL(18, 2))) AS DECIMAL(18, 2)) AS amount
    FROM sales
    WHERE status <> 'Cancelled'
    GROUP BY ordernumber
)
SELECT
    month,
    COUNT(*) AS baskets,
    CAST(SUM(amount) AS DECIMAL(18, 2)) AS net_sales,
    CAST(CAST(SUM(amount) AS DECIMAL(18, 2)) / CAST(COUNT(*) AS DECIMAL(10, 0)) AS DECIMAL(18, 2))
        AS average_basket,
    CAST(CAST(SUM(line_count) AS DECIMAL(18, 2)) / CAST(COUNT(*) AS DECIMAL(10, 0)) AS DECIMAL(18, 2))
        AS average_lines,
    CAST(CAST(SUM(pieces) AS DECIMAL(18, 2)) / CAST(COUNT(*) AS DECIMAL(10, 0)) AS DECIMAL(18, 2))
        AS average_pieces,
    MIN(amount) AS smallest_basket,
    MAX(amount) AS largest_basket
FROM basket
GROUP BY month
ORDER BY month
