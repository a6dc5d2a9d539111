-- Whose orders and customers the distinct counts are of. The sketches are made of these rows, by
-- minute.

SELECT
    DATE_TRUNC('MINUTE', event_time) AS minute,
    order_id,
    customer_id
FROM events
WHERE status = 'APPROVED'
