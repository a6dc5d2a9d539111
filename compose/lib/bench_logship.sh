# shellcheck shell=bash
# The benchmark of the shipper, beside what it replaces and what it could be at best. Needs
# compose/bench, java.sh and bench_batch.sh (for hadoop_shell, medians).

FLUME_VERSION=1.11.0
BENCH_SHIP_ROUNDS=3
BENCH_LINE_BYTES=150
# The last full piece waits for one behind it before it is sealed: both are shipped, and not counted.
BENCH_REST_MIB=17
FLUME_MONITORING_PORT=34585

bench_logship() {
    local mib=${mib:-1024} seconds=${seconds:-60} small round
    small=$(((mib + 7) / 8))
    cargo_build --release -p comptoir-logship --bins --example bench_logship
    need_command /usr/bin/time "measures processor time and memory" time
    need_command curl "asks the shipper and Flume how far they are" curl
    need_command openssl "its SHA-256 is what verifying is held against" openssl
    start_services hdfs
    need_jars flume "flume.version=$FLUME_VERSION" "hadoop.version=$HADOOP_VERSION"
    mkdir "$scratch/times" "$scratch/log" "$scratch/ship"
    say "writing a log of $mib MiB"
    target/release/examples/bench_logship lines "$(lines_of $((mib + BENCH_REST_MIB)))" >"$scratch/day.log"
    local archive=/bench/ship-$BENCH_SHIP_ROUNDS
    export -f put sha256 our_audit hadoop_shell
    export scratch mib archive
    describe_machine "HDFS $HADOOP_VERSION" "Flume $FLUME_VERSION" "$(openssl version | cut -d' ' -f1-2)"
    # In turns, so that what else the machine does falls on both.
    for ((round = 1; round <= BENCH_SHIP_ROUNDS; round++)); do
        say "round $round of $BENCH_SHIP_ROUNDS"
        timed put put
        hadoop_shell -rm -r -f -skipTrash /bench/put &>/dev/null
        measure_ship "$round"
    done
    timed sha256 sha256
    timed verify our_audit verify --public-key "$scratch/ship/$BENCH_SHIP_ROUNDS/state/signing-key.pem.pub"
    timed search our_audit search --level error --from 2026-11-21T12:00:00Z --to 2026-11-21T12:59:59.999999Z .
    measure_flume memory "$mib"
    measure_flume file "$small"
    print_shipped | awk -v mib="$mib" -v small="$small" -f compose/lib/bench_logship.awk
    sed -n 's/^read \([0-9]*\) of \([0-9]*\) bytes$/\1 \2/p' "$scratch/log/search" | tail -1 |
        awk '{ printf "ERROR search in one hour of the day: %.1f %% of the bytes read\n", 100 * $1 / $2 }'
    ((seconds == 0)) || measure_delays "$seconds"
    printf '\nrepeat with: compose/bench logship --mib %s --seconds %s\n' "$mib" "$seconds"
}

lines_of() { echo $((($1 << 20) / BENCH_LINE_BYTES)); }

# What `timed` runs.

put() { head -c "$((mib << 20))" "$scratch/day.log" | hadoop_shell -put - /bench/put; }

sha256() { head -c "$((mib << 20))" "$scratch/day.log" | openssl dgst -sha256; }

our_audit() {
    target/release/comptoir-logship audit "$1" --lake "$COMPTOIR_LAKE_URL" --target-dir "$archive" "${@:2}"
}

# measure_ship ROUND: from its start until all pieces but the last are segments that were read back.
measure_ship() {
    local directory=$scratch/ship/$1 address shipper begin
    mkdir "$directory"
    ln "$scratch/day.log" "$directory/app.log"
    begin=$EPOCHREALTIME
    # Half a second from one look for something to seal to the next.
    COMPTOIR_LOGSHIP_SEAL_AFTER_S=5 start_shipper "$directory" "/bench/ship-$1"
    await shipper_metric comptoir_logship_sealed_bytes "$((mib << 20))"
    note_process ship "$shipper" "$begin"
    end_process "$shipper"
    count_files "/bench/ship-$1" >"$scratch/times/ship.files"
}

# start_shipper DIRECTORY TARGET_DIR: fills `shipper` and `address`.
start_shipper() {
    local log=$1/ship.log
    COMPTOIR_LOG_FILE=none COMPTOIR_DATA_DIR=$1/data COMPTOIR_LOGSHIP_STATE_DIR=$1/state \
        target/release/comptoir-logship ship --lake "$COMPTOIR_LAKE_URL" --source "$1/app.log" \
        --target-dir "$2" --listen 127.0.0.1:0 &>"$log" &
    shipper=$!
    running+=("$shipper")
    await grep -qs 'listening on http://' "$log"
    address=$(sed -n 's|.*listening on http://||p' "$log" | head -1)
}

# shipper_metric NAME VALUE: whether it has come so far.
shipper_metric() {
    local value
    value=$(curl -sf "http://$address/metrics" | sed -n "s/^$1 //p")
    [[ -n $value ]] && ((value >= $2))
}

# measure_flume CHANNEL MIB: from its start until its sink has taken all lines.
measure_flume() {
    local channel=$1 directory=$scratch/flume_$1 lines agent begin
    lines=$(lines_of "$2")
    say "Flume with $channel channel, $2 MiB"
    mkdir "$directory"
    head -n "$lines" "$scratch/day.log" >"$directory/app.log"
    flume_settings "$channel" "$directory" >"$directory/flume.conf"
    cat >"$directory/log4j2.xml" <<'XML'
<Configuration><Appenders><Console name="out"/></Appenders>
<Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers></Configuration>
XML
    begin=$EPOCHREALTIME
    java -Xmx512m -Djava.io.tmpdir="$scratch" -Dflume.monitoring.type=http \
        -Dflume.monitoring.port=$FLUME_MONITORING_PORT \
        -cp "$directory:$HADOOP_CONF_DIR:$scratch/services/lib/flume/*" \
        org.apache.flume.node.Application --name a --conf-file "$directory/flume.conf" --no-reload-conf \
        &>"$directory/flume.out" &
    agent=$!
    running+=("$agent")
    await flume_has_taken "$lines"
    note_process "flume_$channel" "$agent" "$begin"
    end_process "$agent"
    count_files "/bench/flume_$channel" >"$scratch/times/flume_$channel.files"
}

# Batches of 1000 events: its own 100 are slower.
flume_settings() {
    cat <<SETTINGS
a.sources = tail
a.channels = buffer
a.sinks = hdfs
a.sources.tail.type = TAILDIR
a.sources.tail.channels = buffer
a.sources.tail.positionFile = $2/positions.json
a.sources.tail.filegroups = app
a.sources.tail.filegroups.app = $2/app\\\\.log
a.sources.tail.batchSize = 1000
a.channels.buffer.type = $1
a.channels.buffer.capacity = 100000
a.channels.buffer.transactionCapacity = 1000
$([[ $1 == memory ]] || printf 'a.channels.buffer.%s\n' "checkpointDir = $2/checkpoint" "dataDirs = $2/data")
a.sinks.hdfs.type = hdfs
a.sinks.hdfs.channel = buffer
a.sinks.hdfs.hdfs.path = $COMPTOIR_LAKE_URL/bench/flume_$1
a.sinks.hdfs.hdfs.fileType = DataStream
a.sinks.hdfs.hdfs.writeFormat = Text
a.sinks.hdfs.hdfs.batchSize = 1000
a.sinks.hdfs.hdfs.rollInterval = 0
a.sinks.hdfs.hdfs.rollCount = 0
a.sinks.hdfs.hdfs.rollSize = 134217728
SETTINGS
}

flume_has_taken() {
    local taken
    taken=$(curl -sf "http://127.0.0.1:$FLUME_MONITORING_PORT/metrics" |
        sed -n 's/.*"EventDrainSuccessCount":"\([0-9]*\)".*/\1/p')
    [[ -n $taken ]] && ((taken >= $1))
}

# measure_delays SECONDS: of each way to make durable.
measure_delays() {
    local every name address shipper
    printf '\nwritten -> durable, by acknowledgement, 5,000 lines/s for %s s:\n\n' "$1"
    printf '| hsync | p50 ms | p99 ms | max ms | lines |\n|---|---|---|---|---|\n'
    for every in 1000 50 0; do
        local directory=$scratch/ship/delay-$every
        mkdir "$directory"
        touch "$directory/app.log"
        COMPTOIR_LOGSHIP_HSYNC_EVERY_MS=$every start_shipper "$directory" "/bench/delay-$every"
        await shipper_metric comptoir_logship_up 1
        name="every $every ms"
        ((every > 0)) || name="at once (default)"
        target/release/examples/bench_logship delay "$directory/app.log" "$address" 5000 "$1" |
            awk -v name="$name" '{ printf "| %s | %s | %s | %s | %s |\n", name, $1, $2, $3, $4 }'
        end_process "$shipper"
    done
}

# await COMMAND...: until it succeeds, up to an hour.
await() {
    local deadline=$((SECONDS + 3600))
    until "$@"; do
        ((SECONDS < deadline)) || fail "never came to it: $*"
        ((${#running[@]} == 0)) || kill -0 "${running[-1]}" 2>/dev/null || fail "it ended: $*" "see --keep"
        sleep 0.05
    done
}

# note_process NAME PID BEGIN: appends what `timed` does to times/NAME, of a process that runs.
note_process() {
    local wall ticks kib
    wall=$(awk -v begin="$3" -v end="$EPOCHREALTIME" 'BEGIN { print end - begin }')
    ticks=$(sed 's/.*) //' "/proc/$2/stat" | awk -v hertz="$(getconf CLK_TCK)" '{ print $12 / hertz, $13 / hertz }')
    kib=$(awk '/^VmHWM:/ { print $2 }' "/proc/$2/status")
    echo "$wall $ticks $kib" >>"$scratch/times/$1"
}

end_process() {
    kill -TERM "$1" 2>/dev/null || true
    wait "$1" || true
    running=()
}

count_files() { hadoop_shell -count "$1" 2>/dev/null | awk '{ print $2 }'; }

# Lines of: name, seconds, processor seconds, KiB, files.
print_shipped() {
    local name
    for name in ship put flume_memory flume_file sha256 verify; do
        printf '%s %s %s\n' "$name" "$(medians "$scratch/times/$name")" \
            "$(cat "$scratch/times/$name.files" 2>/dev/null || echo 1)"
    done
}
