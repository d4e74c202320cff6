"""Which transforms a sequence of announcements fires: ``python -m tests.support.round_sequences``.

Reads a JSON list of ``[asset, round]`` from standard input and prints, as JSON, after each of them
the rounds for which Airflow's own scheduler has made runs of the transform, in order. Runs in a
process of its own, whose environment names an Airflow home with migrated metadata.
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
from sqlalchemy.orm import Session

from finhouse.orchestration.names import TRANSFORM_DAG


def rounds_run(session: Session) -> list[str | None]:
    found = select(DagRun.partition_key).where(DagRun.dag_id == TRANSFORM_DAG).order_by(DagRun.id)
    return list(session.scalars(found))


def main() -> None:
    DagBundlesManager().sync_bundles_to_db()
    with create_session() as session:
        sync_bag_to_db(DagBag(), "dags-folder", None, session=session)
    after = []
    with create_session() as session:
        job = Job()
        session.add(job)
        session.flush()
        scheduler = SchedulerJobRunner(job=job)
        for name, of_round in json.load(sys.stdin):
            asset = session.scalars(select(AssetModel).where(AssetModel.name == name)).one()
            asset_manager.register_asset_change(
                asset=asset, partition_key=of_round, session=session
            )
            session.flush()
            scheduler._create_dagruns_for_dags(NoGuard(session), session)
            after.append(rounds_run(session))
    print(f"\n{json.dumps(after)}")


class NoGuard:
    """Lets the scheduler commit, as its loop does."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def commit(self) -> None:
        self._session.commit()


if __name__ == "__main__":
    main()
