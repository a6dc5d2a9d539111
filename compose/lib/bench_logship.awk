# Lines of: name, seconds, processor seconds, KiB, files. `mib` is the log's size, `small` that of the
# file channel's. Prints the table, then what the bars are about.
BEGIN {
    text["ship"] = "comptoir-logship, sealed and read back"
    text["put"] = "cat, hdfs dfs -put -"
    text["flume_memory"] = "Flume taildir, memory channel"
    text["flume_file"] = "Flume taildir, file channel (" small " MiB)"
    text["sha256"] = "openssl dgst -sha256, one core"
    text["verify"] = "comptoir-logship audit verify"
    print "| | s | MB/s | CPU s/GiB | RSS MiB | files |"
    print "|---|---|---|---|---|---|"
}
{
    size = $1 == "flume_file" ? small : mib
    rate[$1] = size * 1048576 / 1e6 / $2
    cpu[$1] = $3 * 1024 / size
    files = $1 ~ /sha256|verify/ ? "" : $5
    printf "| %s | %.2f | %.1f | %.2f | %d | %s |\n", text[$1], $2, rate[$1], cpu[$1], $4 / 1024, files
}
END {
    print ""
    printf "comptoir-logship: %.1f times the MB/s of Flume's memory channel, with %.1f times less processor time a GiB; %.2f of -put\n", \
        rate["ship"] / rate["flume_memory"], cpu["flume_memory"] / cpu["ship"], rate["ship"] / rate["put"]
    printf "audit verify: %.2f of one core's SHA-256\n", rate["verify"] / rate["sha256"]
}
