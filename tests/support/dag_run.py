"""``dag.test()`` of one DAG: ``python -m tests.support.dag_run <dag id> [<conf as JSON>]``.

Runs in a process of its own, whose environment names an Airflow home: Airflow reads its
configuration when it is imported. Ends with 0 when the run succeeded.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

from airflow import settings


def main() -> int:
    dag_id, conf = sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    # Each file makes the DAGs that begin with its name: the others need not be read.
    [file] = [f for f in Path(settings.DAGS_FOLDER).glob("*.py") if dag_id.startswith(f.stem)]
    dag = DagBag(file).get_dag(dag_id)
    # dag.test() of Airflow 3.3 looks deadlines up by ids that only a scheduler gives them.
    dag.deadline = None
    run = dag.test(run_conf=conf)
    for instance in sorted(run.get_task_instances(), key=lambda found: found.task_id):
        print("state", instance.task_id, instance.state)
    return 0 if run.state == "success" else 1


if __name__ == "__main__":
    sys.exit(main())
