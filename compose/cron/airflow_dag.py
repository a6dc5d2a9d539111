"""The jobs of jobs.toml under Apache Airflow (2.7 or newer): a task for each, in Airflow's own order.

Airflow starts each job alone (`job --exec`), so what comes after what is said here, and the `after`
of jobs.toml is for `comptoir-batch run`. The lock, the record in the warehouse and the exit codes are
the same. A job tries again by itself where that can help (`retries` in jobs.toml), so Airflow need
not; one that is running already (exit code 4) is skipped.
"""

from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator

JOBS_FILE = "/etc/comptoir/jobs.toml"

# Each job, and those that it comes after.
JOBS = {
    "sales": [],
    "products": ["sales"],
    "figures": ["sales", "products"],
}

LOCKED = 4

with DAG(
    dag_id="comptoir_imports",
    description="ERP tables into the lake, and the views over them",
    schedule="15 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 0},
) as dag:
    tasks = {
        job: BashOperator(
            task_id=job,
            bash_command=f"comptoir-batch job --jobs {JOBS_FILE} --exec {job}",
            skip_on_exit_code=LOCKED,
        )
        for job in JOBS
    }
    for job, needed in JOBS.items():
        for earlier in needed:
            tasks[earlier] >> tasks[job]
