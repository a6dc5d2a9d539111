-- description: Every accepted live event that no rule sets aside, once: typed, with what it adds to the sales, and with what
--   the references say of its product, customer and store. What no reference says is `unknown`.
-- source events: archive passed
-- source products: reference products (product_id, product_line, brand)
-- source customers: reference customers (customer_id, customer_name, country, segment)
-- source stores: reference stores (merchant, store_name, region)
-- output: delta silver/transactions
-- partition by: day
-- incremental: events
-- late: rows
-- served: no
-- unknown products: product_id unless product_known
-- unknown customers: customer_id unless customer_known
-- unknown stores: merchant unless store_known

SELECT
    events.day AS day,
    events.event_time AS event_time,
    events.event_id AS event_id,
    events.order_id AS order_id,
    CAST(events.order_line AS BIGINT) AS order_line,
    events.status AS status,
    events.channel AS channel,
    events.payment_method AS payment_method,
    events.customer_id AS customer_id,
    COALESCE(customers.customer_name, events.customer_name, 'unknown') AS customer_name,
    COALESCE(customers.country, 'unknown') AS customer_country,
    COALESCE(customers.segment, 'unknown') AS customer_segment,
    customers.customer_id IS NOT NULL AS customer_known,
    events.product_id AS product_id,
    events.product_name AS product_name,
    events.category AS category,
    COALESCE(products.product_line, 'unknown') AS product_line,
    COALESCE(products.brand, 'unknown') AS brand,
    products.product_id IS NOT NULL AS product_known,
    events.merchant AS merchant,
    COALESCE(stores.store_name, 'unknown') AS store_name,
    COALESCE(stores.region, 'unknown') AS region,
    stores.merchant IS NOT NULL AS store_known,
    events.country AS country,
    events.city AS city,
    CAST(events.quantity AS BIGINT) AS quantity,
    CAST(events.unit_price AS DECIMAL(18, 2)) AS unit_price,
    CAST(events.amount AS DECIMAL(18, 2)) AS amount,
    events.currency AS currency,
    CAST(CASE WHEN events.status = 'APPROVED' THEN events.amount ELSE 0 END AS DECIMAL(18, 2)) AS gross,
    CAST(CASE WHEN events.status = 'REFUNDED' THEN events.amount ELSE 0 END AS DECIMAL(18, 2)) AS refunds,
    CAST(
        CASE
            WHEN events.status = 'APPROVED' THEN events.amount
            WHEN events.status = 'REFUNDED' THEN 0 - events.amount
            ELSE 0
        END AS DECIMAL(18, 2)
    ) AS net,
    events._stream AS stream,
    CAST(events._partition AS BIGINT) AS partition_number,
    events._offset AS record_offset
FROM events
LEFT JOIN products ON products.product_id = events.product_id
LEFT JOIN customers ON customers.customer_id = events.customer_id
LEFT JOIN stores ON stores.merchant = events.merchant
