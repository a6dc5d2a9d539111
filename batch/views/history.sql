-- description: Sales as a whole (dimension `all`) and by month, product line, country, territory,
--   status and deal size. An order is not a line; cancelled lines are shown and are no revenue.
-- source sales: import sales

WITH line AS (
    SELECT
        SUBSTRING(CAST(orderdate AS STRING), 1, 7) AS month,
        productline,
        country,
        territory,
        status,
        dealsize,
        ordernumber,
        customername,
        CAST(sales AS DECIMAL(18, 2)) AS amount,
        CASE WHEN status = 'Cancelled' THEN NULL ELSE ordernumber END AS revenue_order,
        CASE
            WHEN status = 'Cancelled' THEN CAST(0 AS DECIMAL(18, 2))
            ELSE CAST(sales AS DECIMAL(18, 2))
        END AS net
    FROM sales
),
total AS (
    SELECT
        CASE
            WHEN GROUPING(month) = 0 THEN 'month'
            WHEN GROUPING(productline) = 0 THEN 'product_line'
            WHEN GROUPING(country) = 0 THEN 'country'
            WHEN GROUPING(territory) = 0 THEN 'territory'
            WHEN GROUPING(status) = 0 THEN 'status'
            WHEN GROUPING(dealsize) = 0 THEN 'deal_size'
            ELSE 'all'
        END AS dimension,
        COALESCE(month, productline, country, territory, status, dealsize, '') AS member,
        COUNT(*) AS line_count,
        COUNT(DISTINCT ordernumber) AS orders,
        COUNT(DISTINCT revenue_order) AS revenue_orders,
        COUNT(DISTINCT customername) AS customers,
        SUM(amount) AS amount,
        SUM(net) AS net
    FROM line
    GROUP BY GROUPING SETS (
        (), (month), (productline), (country), (territory), (status), (dealsize)
    )
)
SELECT
    dimension,
    member,
    line_count,
    orders,
    customers,
    CAST(COALESCE(amount, 0) AS DECIMAL(18, 2)) AS sales,
    CAST(COALESCE(net, 0) AS DECIMAL(18, 2)) AS net_sales,
    CAST(COALESCE(amount - net, 0) AS DECIMAL(18, 2)) AS cancelled_sales,
    CASE
        WHEN revenue_orders = 0 THEN NULL
        ELSE CAST(CAST(net AS DECIMAL(18, 2)) / CAST(revenue_orders AS DECIMAL(10, 0)) AS DECIMAL(18, 2))
    END AS average_basket
FROM total
ORDER BY dimension, member
