-- description: All products by net sales, with their places among all and in their product line.
-- source sales: import sales

WITH product AS (
    SELECT
        productcode AS product,
        MIN(productline) AS product_line,
        COUNT(DISTINCT ordernumber) AS orders,
        SUM(CAST(quantityordered AS BIGINT)) AS pieces,
        SUM(CAST(sales AS DECIMAL(18, 2))) AS net
    FROM sales
    WHERE status <> 'Cancelled'
    GROUP BY productcode
)
SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY net DESC, product) AS BIGINT) AS place,
    CAST(ROW_NUMBER() OVER (PARTITION BY product_line ORDER BY net DESC, product) AS BIGINT)
        AS place_in_line,
    product,
    product_line,
    orders,
    pieces,
    CAST(net AS DECIMAL(18, 2)) AS net_sales
FROM product
ORDER BY place
