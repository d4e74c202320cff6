"""Which runs publications fire: ``python -m tests.support.publications``.

Reads a JSON list of partition keys, or null for none, from standard input; announces a publication
with each of them and prints, as JSON, the ids of the DAGs that Airflow's own scheduler has made
runs of after each. Runs in a process of its own, whose environment names an Airflow home with
migrated metadata.
"""

from __future__ import annotations

import json
import sys

from airflow.assets.manager import asset_manager
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.asset import AssetModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import select

from finhouse.orchestration.names import PUBLISHED_ASSET
from tests.support.round_sequences import NoGuard


def main() -> None:
    DagBundlesManager().sync_bundles_to_db()
    with create_session() as session:
        sync_bag_to_db(DagBag(), "dags-folder", None, session=session)
    fired = []
    with create_session() as session:
        job = Job()
        session.add(job)
        session.flush()
        scheduler = SchedulerJobRunner(job=job)
        known: set[int] = set()
        for key in json.load(sys.stdin):
            asset = session.scalars(
                select(AssetModel).where(AssetModel.name == PUBLISHED_ASSET)
            ).one()
            asset_manager.register_asset_change(asset=asset, partition_key=key, session=session)
            session.flush()
            scheduler._create_dagruns_for_dags(NoGuard(session), session)
            runs = session.execute(select(DagRun.id, DagRun.dag_id, DagRun.partition_key)).all()
            of_pulse = [run for run in runs if run.dag_id.startswith("pulse")]
            fired.append(
                [[run.dag_id, run.partition_key] for run in of_pulse if run.id not in known]
            )
            known |= {run.id for run in of_pulse}
    print(f"\n{json.dumps(fired)}")


if __name__ == "__main__":
    main()
