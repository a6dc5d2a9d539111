-- description: What became of the records of each day (UTC, of the event; of the record where that can't
--   be read) and partition, by verdict and reason, and what the archive has lost.
-- source records: archive records

SELECT
    day AS record_day,
    _stream AS stream,
    _partition AS partition_number,
    _verdict AS verdict,
    COALESCE(_reason, '') AS reason,
    COUNT(*) AS records,
    MIN(_offset) AS first_offset,
    MAX(_offset) AS last_offset
FROM records
GROUP BY day, _stream, _partition, _verdict, COALESCE(_reason, '')
ORDER BY record_day, stream, partition_number, verdict, reason
