"""The two jobs of the sinks as a Spark Structured Streaming program, for the benchmark.

It reads the whole topic and ends: every event into a Delta table by day, and sums by minute and by
what the page filters by into MariaDB. It does less than the sinks: no verdicts, no duplicates, no
tops, no distinct counts, no dead letters, and a batch that is repeated adds its sums twice.

arguments: archive|both BROKERS TOPIC DIRECTORY_IN_THE_LAKE CHECKPOINTS
environment: BENCH_JDBC_URL, BENCH_JDBC_USER, BENCH_JDBC_PASSWORD_FILE
"""

import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, date_trunc, expr, from_json, to_date

EVENT = (
    "event_id STRING, event_time TIMESTAMP, order_id STRING, order_line INT, customer_id STRING, "
    "customer_name STRING, product_id STRING, product_name STRING, category STRING, "
    "merchant STRING, quantity INT, unit_price DECIMAL(18, 2), amount DECIMAL(18, 2), "
    "currency STRING, country STRING, city STRING, channel STRING, payment_method STRING, "
    "status STRING"
)
KEYS = ["minute", "currency", "category", "country", "city", "channel", "status"]
SUMS = ["transactions", "quantity", "gross", "refunds"]
BATCH = 500_000


def main() -> None:
    mode, brokers, topic, lake, checkpoints = sys.argv[1:]
    spark = (
        SparkSession.builder.config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", 4)
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config(
            "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"
        )
        .getOrCreate()
    )
    queries = [archive(events(spark, brokers, topic), f"{lake}/spark_{mode}", checkpoints)]
    if mode == "both":
        queries.append(views(spark, events(spark, brokers, topic), checkpoints))
    for query in queries:
        query.awaitTermination()


def events(spark, brokers, topic):
    records = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", brokers)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", BATCH)
        .load()
    )
    event = from_json(col("value").cast("string"), EVENT).alias("event")
    return records.select("partition", "offset", "timestamp", event).select(
        "partition", "offset", "timestamp", "event.*"
    )


def archive(rows, table, checkpoints):
    by_day = rows.withColumn("day", to_date("event_time"))
    return (
        by_day.writeStream.format("delta")
        .partitionBy("day")
        .option("checkpointLocation", f"{checkpoints}/archive")
        .trigger(availableNow=True)
        .start(table)
    )


def views(spark, rows, checkpoints):
    with open(os.environ["BENCH_JDBC_PASSWORD_FILE"]) as file:
        password = file.readline().rstrip("\n")
    url = os.environ["BENCH_JDBC_URL"]
    options = {
        "url": url,
        "user": os.environ["BENCH_JDBC_USER"],
        "password": password,
        "driver": "org.mariadb.jdbc.Driver",
    }

    def execute(statement):
        # The driver of --jars is known to Spark's own class loader only.
        loader = spark._jvm.Thread.currentThread().getContextClassLoader()
        login = spark._jvm.java.util.Properties()
        login.setProperty("user", options["user"])
        login.setProperty("password", password)
        driver = loader.loadClass(options["driver"]).newInstance()
        connection = driver.connect(url, login)
        try:
            connection.createStatement().execute(statement)
        finally:
            connection.close()

    columns = ", ".join(
        ["minute DATETIME"]
        + [f"{key} VARCHAR(64)" for key in KEYS[1:]]
        + ["transactions BIGINT", "quantity BIGINT", "gross DECIMAL(28, 2)", "refunds DECIMAL(28, 2)"]
    )
    execute(f"CREATE OR REPLACE TABLE spark_totals ({columns}, PRIMARY KEY ({', '.join(KEYS)}))")
    execute(f"CREATE OR REPLACE TABLE spark_batch ({columns})")
    every = ", ".join(KEYS + SUMS)
    added = ", ".join(f"{name} = spark_totals.{name} + VALUES({name})" for name in SUMS)
    upsert = f"INSERT INTO spark_totals SELECT {every} FROM spark_batch ON DUPLICATE KEY UPDATE {added}"

    def add(batch, _):
        # What can't be read has no time.
        sums = batch.where("event_time IS NOT NULL").groupBy(date_trunc("minute", "event_time").alias("minute"), *KEYS[1:]).agg(
            expr("count(*) AS transactions"),
            expr("sum(quantity) AS quantity"),
            expr("sum(CASE WHEN status = 'APPROVED' THEN amount ELSE 0 END) AS gross"),
            expr("sum(CASE WHEN status = 'REFUNDED' THEN amount ELSE 0 END) AS refunds"),
        )
        writer = sums.write.format("jdbc").options(**options)
        writer = writer.option("dbtable", "spark_batch").option("batchsize", 10_000)
        writer.mode("overwrite").option("truncate", True).save()
        execute(upsert)

    return (
        rows.writeStream.foreachBatch(add)
        .option("checkpointLocation", f"{checkpoints}/views")
        .trigger(availableNow=True)
        .start()
    )


main()
