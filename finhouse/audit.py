"""Does the audit trail hold: against the source it was loaded from, and against itself.

First each event that raw holds is compared with the source's, as a hash has no key: whoever may
write there can hash a chain anew. Then the trail is judged by the models that make the mart
compliance_findings. Only they are run, on what raw holds: nothing is loaded, no other model or test
is run, and nothing is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from finhouse.dbt.process import run_dbt
from finhouse.domains import selected_domains
from finhouse.errors import AuditError, ConfigurationError, TransformError
from finhouse.extract_load.databases import source_url
from finhouse.extract_load.reconciling import altered_at_source
from finhouse.extract_load.running import warehouse_errors
from finhouse.settings import Settings
from finhouse.sources.definitions import raw_schema
from finhouse.warehouse import connect, qualified, text_literal

DOMAIN = "bnpl"
TABLE = "audit_log"
_MODELS = ("int_bnpl_audit_findings", "int_bnpl_audit_hash_findings")
_MEANINGS = {
    "AUDIT_EVENT_MISSING": "an event before this one is missing",
    "AUDIT_CHAIN_BROKEN": "its hash before is not that of the event before",
    "AUDIT_EVENT_CHANGED": "its hash is not that of what it says",
    "STATUS_WITHOUT_EVENT": "its status is not the last one of the trail",
    "AUDIT_EVENT_GONE_FROM_SOURCE": "it was loaded, and the source has it no longer",
    "AUDIT_EVENT_CHANGED_IN_SOURCE": "the source says something else than what was loaded",
}
_SHOWN = 20
_KEYS_AT_A_TIME = 1000


@dataclass(frozen=True)
class AuditFinding:
    """One thing that is wrong with the trail.

    Attributes:
        rule: as compliance_findings has it; those about the source are found here alone.
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


def verify(settings: Settings, *, as_loaded: bool = False) -> Verified:
    """Hold the audit trail against its source, itself and the statuses that were loaded.

    Args:
        as_loaded: leave out the source, which may be out of reach.

    Raises:
        SourceError: the source cannot be read.
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
    altered = [] if as_loaded else _altered_in_source(settings)
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
    found = (*altered, *(AuditFinding(*row) for row in rows))
    return Verified(int(events), int(entities), found)


def _altered_in_source(settings: Settings) -> list[AuditFinding]:
    """Events that raw has and the source has no longer, or has otherwise; raw keeps what it has."""
    url = source_url(settings, DOMAIN)
    with connect(settings) as warehouse, warehouse_errors(warehouse):
        gone, changed = altered_at_source(
            settings, DOMAIN, TABLE, oltp_url=url, warehouse=warehouse
        )
        found = []
        for rule, keys in (
            ("AUDIT_EVENT_CHANGED_IN_SOURCE", changed),
            ("AUDIT_EVENT_GONE_FROM_SOURCE", gone),
        ):
            for start in range(0, len(keys), _KEYS_AT_A_TIME):
                listed = ", ".join(map(text_literal, keys[start : start + _KEYS_AT_A_TIME]))
                rows = warehouse.execute(
                    "select entity, cast(entity_id as text) || ' ' || cast(sequence as text),"
                    f" cast(occurred_at as date) from {qualified(raw_schema(DOMAIN), TABLE)}"
                    f" where cast(id as text) in ({listed}) order by 1, 2"
                )
                found += [AuditFinding(rule, *row) for row in rows]
    return found


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
        "ask the owners of the source what happened to these; the next build has each that is wrong"
        " in what was loaded as a row of compliance_findings. Do not load the trail with"
        " --full-refresh before: it would take over what the source says now",
    )
