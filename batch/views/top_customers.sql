-- description: The hundred customers who spent most, of customers with a purchase.
-- source customer_value: view customer_value

SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY total_spent DESC, customer) AS BIGINT) AS place,
    customer,
    country,
    total_spent,
    purchases,
    average_basket,
    last_purchase,
    loyalty_class,
    segment
FROM customer_value
WHERE purchases > 0
ORDER BY place
LIMIT 100
