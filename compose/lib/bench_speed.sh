# shellcheck shell=bash
# The benchmark of the sinks, and of batch views over what they keep. Needs compose/bench.

SPARK_VERSION=3.5.7
DELTA_SPARK_VERSION=3.3.2

bench_speed() {
    local rows=${rows:-5000000} view_rows=${view_rows:-50000000} seconds=${seconds:-60}
    # At once: the libraries are built once, with the features of all.
    cargo_build --release -p comptoir-speed -p comptoir-web -p comptoir-batch --bins --example bench_speed
    start_services mariadb kafka hdfs
    local server=${COMPTOIR_WAREHOUSE_URL%/*} name
    for name in '' _both _killed _many _latency _spark; do
        make_database "test_bench$name"
        export "BENCH_MARIADB${name^^}_URL=$server/test_bench$name"
    done
    export BENCH_LAKE_URL=$COMPTOIR_LAKE_URL BENCH_HADOOP_CONF_DIR=$HADOOP_CONF_DIR
    export COMPTOIR_LAKE_URL=file://$scratch/lake
    unset COMPTOIR_HEALTH_NAMENODE_URL HADOOP_CONF_DIR
    need_spark
    describe_machine "Spark $SPARK_VERSION" "Kafka $KAFKA_VERSION" "Hadoop $HADOOP_VERSION" "$(mariadb_version)"
    target/release/examples/bench_speed "$rows" "$view_rows" "$seconds" "$scratch"
    printf '\nrepeat with: compose/bench speed --rows %s --view-rows %s --seconds %s\n' \
        "$rows" "$view_rows" "$seconds"
}

# Spark itself from PyPI, what it needs for the two jobs from Maven Central.
need_spark() {
    local spark=$scratch/spark server=${COMPTOIR_WAREHOUSE_URL#*://}
    need_java
    need_jars spark "spark.version=$SPARK_VERSION" "delta.version=$DELTA_SPARK_VERSION"
    python3 -c 'import ensurepip' 2>/dev/null || need_packages "makes Python environments" python3-venv
    python3 -m venv "$spark"
    "$spark/bin/python3" -m pip --quiet --disable-pip-version-check install "pyspark==$SPARK_VERSION" setuptools
    export BENCH_SPARK_SUBMIT=$spark/bin/spark-submit BENCH_SPARK_PROGRAM=$here/lib/spark/streaming.py
    BENCH_SPARK_JARS=$(printf '%s,' "$data_dir"/lib/spark/*.jar)
    export BENCH_SPARK_JARS=${BENCH_SPARK_JARS%,} PATH=$spark/bin:$PATH
    # Spark quotes names by the scheme.
    export BENCH_JDBC_URL="jdbc:mysql://${server%%/*}/test_bench_spark?permitMysqlScheme"
    export BENCH_JDBC_USER=$COMPTOIR_WAREHOUSE_USERNAME BENCH_JDBC_PASSWORD_FILE=$COMPTOIR_WAREHOUSE_PASSWORD_FILE
}
