"""Does the audit trail hold: judged by the models that make the mart compliance_findings.

Only they are run, on what raw holds: no other model, no test, and nothing is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from finhouse.dbt.process import run_dbt
from finhouse.domains import selected_domains
from finhouse.errors import AuditError, ConfigurationError, TransformError
from finhouse.extract_load.running import warehouse_errors
from finhouse.settings import Settings
from finhouse.warehouse import connect

DOMAIN = "bnpl"
_MODELS = ("int_bnpl_audit_findings", "int_bnpl_audit_hash_findings")
_MEANINGS = {
    "AUDIT_EVENT_MISSING": "an event before this one is missing",
    "AUDIT_CHAIN_BROKEN": "its hash before is not that of the event before",
    "AUDIT_EVENT_CHANGED": "its hash is not that of what it says",
    "STATUS_WITHOUT_EVENT": "its status is not the last one of the trail",
}
_SHOWN = 20


@dataclass(frozen=True)
class AuditFinding:
    """One thing that is wrong with the trail.

    Attributes:
        rule: as compliance_findings has it.
        key: identifier of the entity, with the number of the event where one is meant.
    """

    rule: str
    entity: str
    key: str
    found_on: date

    def __str__(self) -> str:
        return f"{self.rule}: {self.entity} {self.key}: {_MEANINGS[self.rule]}"


@dataclass(frozen=True)
class Verified:
    """How much was looked at."""

    events: int
    entities: int
    findings: tuple[AuditFinding, ...]


def verify(settings: Settings) -> Verified:
    """Hold the audit trail against itself and against the statuses of the source.

    Raises:
        ConfigurationError: no selected domain has a trail, or the engine is reached by the bridge.
        TransformError: dbt could not judge.
    """
    if DOMAIN not in selected_domains():
        raise ConfigurationError(
            f"only the domain {DOMAIN} has an audit trail, and it is not selected",
            f"add {DOMAIN} to FINHOUSE_DOMAINS",
        )
    if settings.is_bridged:
        raise ConfigurationError(
            f"the audit trail cannot be verified on {settings.target}",
            "run it with --target duckdb or postgres; a build finds the same on every engine",
        )
    if run_dbt(settings, ["run", "--quiet", "--select", *(f"+{model}" for model in _MODELS)]):
        raise TransformError(
            "dbt could not judge the audit trail", "run `make build`, which loads what it reads"
        )
    selected = " union all ".join(
        f"select rule, entity, entity_key, found_on from intermediate.{model}" for model in _MODELS
    )
    with connect(settings) as warehouse, warehouse_errors(warehouse):
        rows = warehouse.execute(f"select * from ({selected}) as found order by 1, 2, 3")
        [(events, entities)] = warehouse.execute(
            "select count(*), count(distinct entity || entity_id) from staging.stg_bnpl__audit_log"
        )
    return Verified(int(events), int(entities), tuple(AuditFinding(*row) for row in rows))


def refuse_findings(found: Verified) -> None:
    """Raise if anything is wrong.

    Raises:
        AuditError: with what is wrong, by name.
    """
    if not found.findings:
        return
    listed = "\n".join(f"- {finding}" for finding in found.findings[:_SHOWN])
    more = len(found.findings) - _SHOWN
    raise AuditError(
        f"the audit trail does not hold in {len(found.findings)} places:\n{listed}"
        + (f"\n- and {more} more" if more > 0 else ""),
        "ask the owners of the source what happened to these; the next build has each as a row of"
        " compliance_findings",
    )
