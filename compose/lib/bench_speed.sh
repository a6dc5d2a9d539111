# shellcheck shell=bash
# The benchmark of the views sink. Needs compose/bench.

bench_speed() {
    local rows=${rows:-5000000} seconds=${seconds:-60}
    cargo_build --release -p comptoir-speed -p comptoir-web --bins
    cargo_build --release -p comptoir-speed --example bench_speed
    start_services mariadb kafka
    make_database test_bench
    make_database test_bench_latency
    local server=${COMPTOIR_WAREHOUSE_URL%/*}
    export BENCH_MARIADB_URL=$server/test_bench
    export BENCH_MARIADB_LATENCY_URL=$server/test_bench_latency
    export COMPTOIR_LAKE_URL=file://$scratch/lake
    unset COMPTOIR_HEALTH_NAMENODE_URL HADOOP_CONF_DIR
    describe_machine "Kafka $KAFKA_VERSION" "$(mariadb_version)"
    target/release/examples/bench_speed "$rows" "$seconds" "$scratch"
    printf '\nrepeat with: compose/bench speed --rows %s --seconds %s\n' "$rows" "$seconds"
}
