#!/usr/bin/env python3
"""Computes batch views on another engine that speaks Spark's SQL, over the same files of the lake.

Reads what `comptoir-batch views plan --json` prints, an object a line: the query of a view, the
files of its sources, and those of its published result. The query runs as it is.

  comptoir-batch views plan --json | views.py --sail --compare
  comptoir-batch views plan customer_value --json | views.py --remote sc://spark:15002 --compare
  comptoir-batch views plan --json >plan.json
  spark-submit --packages io.delta:delta-spark_2.12:3.3.2 views.py --plan plan.json --compare

`--compare` holds the rows against the published result, which has to be of the same sources: run
the view right before. Without it, rows are counted. `--into URL` writes each as Parquet to URL/VIEW.

Exit codes: 0 all is well; 1 a view failed, or has other rows; 2 what was read is no plan.
"""

import argparse
import collections
import datetime
import decimal
import json
import os
import sys
import time

# What a client makes of an instant depends on its zone; a result says UTC.
os.environ["TZ"] = "UTC"
time.tzset()

SHOWN_MAX = 5


class Fault(Exception):
    """Said to people, without a trace."""


class Skipped(Exception):
    """Not for another engine."""


def main() -> int:
    flags = parse_flags()
    with open(flags.plan) if flags.plan else sys.stdin as lines:
        plans = [plan for plan in read_plans(lines) if "query" in plan]
    failed = 0
    with Engine(flags) as engine:
        for plan in plans:
            try:
                print(f"{plan['view']}: {engine.compute(plan)}", flush=True)
            except Skipped as why:
                print(f"{plan['view']}: left out, {why}", flush=True)
            except Fault as fault:
                failed += 1
                print(f"{plan['view']}: {fault}", file=sys.stderr, flush=True)
            except Exception as error:  # of the engine, in whichever class its client has for it
                failed += 1
                print(f"{plan['view']}: {first_lines(error)}", file=sys.stderr, flush=True)
    return 1 if failed else 0


def parse_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--sail", action="store_true", help="start Sail (pysail) in this process")
    where.add_argument("--remote", metavar="URL", help="a Spark Connect server, sc://HOST:PORT")
    parser.add_argument(
        "--plan", metavar="FILE", help="instead of standard input, which spark-submit does not pass on"
    )
    parser.add_argument("--compare", action="store_true", help="with the published result")
    parser.add_argument("--into", metavar="URL", help="write Parquet to URL/VIEW")
    return parser.parse_args()


def read_plans(lines):
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except ValueError as error:
            print(
                f"line {number} of the plan is no JSON: {error}\n"
                "hint: comptoir-batch views plan --json | views.py",
                file=sys.stderr,
            )
            sys.exit(2)


class Engine:
    """A Spark session: Spark's own, or a client of a Spark Connect server such as Sail's."""

    def __init__(self, flags: argparse.Namespace) -> None:
        self.flags = flags
        self.server = None

    def __enter__(self):
        from pyspark.sql import SparkSession

        builder = SparkSession.builder
        remote = self.flags.remote
        if self.flags.sail:
            from pysail.spark import SparkConnectServer

            self.server = SparkConnectServer(ip="127.0.0.1", port=0)
            self.server.start(background=True)
            remote = f"sc://127.0.0.1:{self.server.listening_address[1]}"
        if remote:
            builder = builder.remote(remote)
        else:
            builder = builder.config(
                "spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension"
            ).config(
                "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"
            )
        self.session = builder.getOrCreate()
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        return self

    def __exit__(self, *_):
        self.session.stop()
        if self.server:
            self.server.stop()

    def compute(self, plan: dict) -> str:
        for source in plan["sources"]:
            self.open(source["read"]).createOrReplaceTempView(source["name"])
        rows = self.session.sql(plan["query"])
        if self.flags.into:
            place = f"{self.flags.into.rstrip('/')}/{plan['view']}"
            rows.write.mode("overwrite").parquet(place)
            return f"written to {place}"
        if not self.flags.compare:
            return f"{rows.count()} rows"
        return self.compare(plan, rows)

    def open(self, stored: dict):
        """A source as the view's SQL sees it."""
        kind, read = stored["format"], self.session.read
        if kind == "delta":
            given = read.format("delta").option("versionAsOf", stored["version"]).load(stored["url"])
        elif kind == "parquet":
            given = read.parquet(*stored["files"])
        elif kind == "csv":
            # All texts: the query has the types.
            given = read.options(header=True, escape='"', multiLine=True).csv(stored["files"])
        elif kind == "nothing":
            return self.session.sql(stored["query"])
        elif kind == "computed":
            raise Skipped("it says what comptoir-batch finds at the moment")
        else:
            raise Fault(
                f"{stored['files'][0]} is {kind}, which is not read here\n"
                "hint: import the table as Parquet: --as-parquetfile"
            )
        given.createOrReplaceTempView(stored["table"])
        for name, other in stored.get("with", {}).items():
            self.open(other).createOrReplaceTempView(name)
        return self.session.sql(stored["query"])

    def compare(self, plan: dict, rows) -> str:
        result = plan["result"]
        if result is None:
            raise Fault(
                "it has no published result in the lake to compare with\n"
                f"hint: comptoir-batch views run {plan['view']}"
            )
        if runs(result["runs"]) != runs(plan["runs"]):
            raise Fault(
                "its published result is of other runs of its sources\n"
                f"hint: comptoir-batch views run {plan['view']}"
            )
        names = [column["name"] for column in plan["columns"]]
        computed = counted(rows.select(*names))
        published = counted(self.open(result["read"]).select(*names))
        missing, more = published - computed, computed - published
        if missing or more:
            raise Fault(
                f"{missing.total()} rows of the published result are not computed, "
                f"{more.total()} others are; of {', '.join(names)}\n"
                + "\n".join(shown("published", missing) + shown("computed", more))
            )
        return f"{computed.total()} rows, each as published"


def runs(read) -> list:
    """Which runs were read; neither the moment nor the order in which that was said matters."""
    return sorted((source["name"], source["location"], source["run"]) for source in read)


def counted(rows) -> collections.Counter:
    """How often each row is there, in texts that do not depend on the engine's types."""
    return collections.Counter(tuple(map(text, row)) for row in rows.toLocalIterator())


def text(value):
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds")
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return str(value)


def shown(word: str, rows: collections.Counter) -> list:
    return [f"  {word}: {', '.join(map(str, row))}" for row in sorted(rows, key=str)[:SHOWN_MAX]]


def first_lines(error: Exception) -> str:
    return "\n".join(str(error).splitlines()[:SHOWN_MAX])


if __name__ == "__main__":
    sys.exit(main())
