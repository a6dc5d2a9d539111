-- description: What rules of quality.toml say of all live events together: whether they still come
--   (freshness), and on the last whole day as many as on that weekday before (volume).
-- source alarms: archive alarms
-- broken: failed by rule

SELECT rule, action, day AS event_day, events, expected, failed, remark
FROM alarms
ORDER BY rule
