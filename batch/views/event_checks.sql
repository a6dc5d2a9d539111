-- description: Of each day (UTC) and rule of quality.toml, how many accepted live events there are, and how
--   many of them break it.
-- source checks: archive checks
-- output: delta silver/event_checks
-- partition by: day
-- incremental: checks
-- late: sum events, failed
-- served: no
-- broken: failed by rule

SELECT day, rule, action, events, failed
FROM checks
