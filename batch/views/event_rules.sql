-- description: How many accepted live events of each day (UTC) break which rule of quality.toml.
-- source checks: view event_checks

SELECT day AS event_day, rule, action, events, failed
FROM checks
ORDER BY event_day, rule
