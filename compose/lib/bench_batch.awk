# Lines of: name, seconds, processor seconds, KiB, rows, bytes. Prints the table, then the ratios.
BEGIN {
    text["one_connection"] = "mariadb to /dev/null, one connection"
    text["four_connections"] = "mariadb to /dev/null, four connections"
    text["put"] = "hdfs dfs -put of the same bytes"
    text["ours_text"] = "comptoir-batch, text"
    text["sqoop_text"] = "Sqoop, text"
    text["ours_parquet"] = "comptoir-batch, Parquet (zstd)"
    text["sqoop_parquet"] = "Sqoop, Parquet"
    text["ours_small"] = "comptoir-batch, 8 rows"
    text["sqoop_small"] = "Sqoop, 8 rows"
    print "| | s | rows/s | MB/s | CPU s | RSS MiB |"
    print "|---|---|---|---|---|---|"
}
{
    seconds[$1] = $2
    cpu[$1] = $3
    rate = $6 ? sprintf("%d | %d", $5 / $2, $6 / $2 / 1e6) : " | "
    printf "| %s | %.2f | %s | %.2f | %d |\n", text[$1], $2, rate, $3, $4 / 1024
}
END {
    print ""
    printf "text: %.2f times faster than Sqoop, %.2f times less processor time; %.2f times the four connections' time\n", \
        seconds["sqoop_text"] / seconds["ours_text"], cpu["sqoop_text"] / cpu["ours_text"], \
        seconds["ours_text"] / seconds["four_connections"]
    printf "Parquet: %.2f times faster than Sqoop, %.2f times less processor time\n", \
        seconds["sqoop_parquet"] / seconds["ours_parquet"], cpu["sqoop_parquet"] / cpu["ours_parquet"]
}
