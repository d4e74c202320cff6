"""The shapes of the answers.

In the generic part money, ratios and counts are strings: exact, where a JSON number may be rounded
by whoever reads it. The five addresses under /analytics answer with numbers.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    field_validator,
)


def _utc(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


Exact = Annotated[
    Decimal,
    PlainSerializer(lambda number: format(number, "f"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["0.04662226"]}),
]
# Timestamps of the warehouse are naive UTC.
Moment = Annotated[datetime, BeforeValidator(_utc)]
Grain = Literal["month", "day"]
PublicationId = Annotated[
    str, Field(description="The publication that was read; later ones sort after it.")
]
Currency = Annotated[str | None, Field(description="ISO 4217; null if the value is not money.")]
Status = Annotated[
    str, Field(description="met, missed, incomplete, running, no_target or no_data.")
]
NextCursor = Annotated[
    str | None,
    Field(description="Send it as `cursor`, with the same parameters; null on the last page."),
]


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"]
    version: str
    uptime_seconds: float


class DomainState(BaseModel):
    """How recent one domain is."""

    domain: str
    as_of_date: date | None = Field(description="The last complete day; null if there is no data.")
    built_at: Moment
    is_late: bool = Field(description="The last build is older than the house allows.")


class Readiness(BaseModel):
    """What can be read."""

    publication_id: PublicationId
    published_at: Moment
    age_seconds: float
    domains: list[DomainState]


class TopMerchant(BaseModel):
    """The merchant with the largest sum of successful amounts; of equals the first by id."""

    merchant_id: str
    total_volume: float


class KycFunnel(BaseModel):
    """Distinct merchants that reached each stage, whenever they did."""

    documents_submitted: int
    verifications_completed: int
    tier_upgrades: int


class FailureRate(BaseModel):
    """Failed of the activities that succeeded or failed."""

    product: str
    failure_rate: float = Field(description="Percent, one decimal, halves up.")


class Rejection(BaseModel):
    """Values of delivered files that could not be used, for one reason."""

    reason: str
    values: int


class ImportSummary(BaseModel):
    """What has been imported from the files of a source."""

    publication_id: PublicationId
    source: str
    files: int
    first_file_date: date | None
    last_file_date: date | None
    missing_files: int = Field(description="Expected from the source, and not loaded.")
    rows: int = Field(description="Rows in all files.")
    already_loaded: int = Field(description="Rows whose event had been delivered before.")
    rejected: int = Field(description="Values that could not be used; their rows are kept.")
    rejections: list[Rejection]


class Kpi(BaseModel):
    """A KPI of the catalogue."""

    kpi_code: str
    kpi_name: str
    domain: str
    formula: str
    unit: str
    value_kind: str
    additivity: str = Field(description="How values of several periods may be combined.")
    direction: str = Field(description="Whether higher or lower is better.")
    owner: str
    target_operator: str | None
    final_target: Exact | None = Field(
        description="The last of its targets, in the unit of the KPI."
    )
    target_source: str | None
    target_note: str | None
    has_monthly_values: bool
    has_daily_values: bool


class KpiPage(BaseModel):
    """A page of the catalogue."""

    publication_id: PublicationId
    items: list[Kpi]
    next_cursor: NextCursor


class KpiDetail(Kpi):
    """One KPI of the catalogue."""

    publication_id: PublicationId


class KpiValue(BaseModel):
    """The value of a KPI in one period, and what it is made of."""

    period: str = Field(description="2026-06 for a month, 2026-06-30 for a day.")
    period_start: date
    value: Exact | None
    numerator: Exact | None
    denominator: Exact | None
    currency: Currency
    reporting_value: Exact | None = Field(description="The value in the reporting currency.")
    target: Exact | None
    target_status: Status
    is_complete_period: bool
    missing_file_count: int


class ValuePage(BaseModel):
    """Values of one KPI, by period."""

    publication_id: PublicationId
    kpi_code: str
    grain: Grain
    unit: str
    reporting_currency: str
    items: list[KpiValue]
    next_cursor: NextCursor


class Restatement(BaseModel):
    """A change of a value that had been reported, and what caused it."""

    kpi_code: str
    domain: str
    grain: Grain
    period_start: date
    change_number: int = Field(description="1 is the first change of the value.")
    old_value: Exact | None
    old_numerator: Exact | None
    old_denominator: Exact | None
    new_value: Exact | None
    new_numerator: Exact | None
    new_denominator: Exact | None
    value_change: Exact | None
    reported_at: Moment = Field(description="The old value contains data up to this time.")
    restated_at: Moment = Field(description="The new value contains data up to this time.")
    cause_kind: str = Field(description="late_data, deleted_rows, retention or definition.")
    cause_batches: list[str] = Field(description="Loads that may have caused it.")


class RestatementPage(BaseModel):
    """Restatements, the latest first."""

    publication_id: PublicationId
    items: list[Restatement]
    next_cursor: NextCursor


class ValueHistory(BaseModel):
    """A value and every change of it since it was first reported."""

    publication_id: PublicationId
    kpi_code: str
    grain: Grain
    unit: str
    current: KpiValue
    changes: list[Restatement]


class LineageStep(BaseModel):
    """A relation that a KPI is computed from."""

    kind: str = Field(description="source, seed, snapshot, staging, intermediate or marts.")
    name: str
    relation: str = Field(description="Its schema and name in the warehouse.")
    columns: list[str] = Field(
        description="Those that are used; none if only its rows are counted."
    )


class Lineage(BaseModel):
    """Where a KPI comes from, by the last build, which may be later than the publication."""

    publication_id: PublicationId
    kpi_code: str
    formula: str
    compiled_at: datetime
    computed_by: list[str]
    models: list[LineageStep]
    sources: list[LineageStep]


class CardEntry(BaseModel):
    """A KPI's latest complete period."""

    kpi_code: str
    kpi_name: str
    domain: str
    owner: str
    unit: str
    direction: str
    grain: Grain | None
    period_start: date | None
    is_complete_period: bool | None
    value: Exact | None
    numerator: Exact | None
    denominator: Exact | None
    previous_value: Exact | None
    change_rate: Exact | None
    currency: Currency
    reporting_value: Exact | None
    target_operator: str | None
    target: Exact | None
    target_status: Status
    missing_table: str | None
    missing_file_count: int


class Scorecard(BaseModel):
    """Every KPI, including those without data."""

    publication_id: PublicationId
    reporting_currency: str
    items: list[CardEntry]


class ProjectedMonth(BaseModel):
    """A month of the financial projection."""

    month_number: int
    month_start: date
    projected_new_user_count: int | None = Field(description="Of method cohort.")
    projected_mau: int
    projected_transaction_count: int
    volume_amount: Exact
    bank_fee_amount: Exact
    revenue_amount: Exact
    cost_amount: Exact
    burn_amount: Exact
    closing_cash_amount: Exact
    runway_months: Exact | None


class Projection(BaseModel):
    """The financial projection in one scenario, by one method."""

    publication_id: PublicationId
    scenario: str
    method: str
    currency: str
    months: list[ProjectedMonth]


class AskedValue(BaseModel):
    """A value that answers a question."""

    period: str = Field(description="2026-06 for a month, 2026-06-30 for a day.")
    period_start: date
    group: str | None = Field(description="Of the dimension that was asked for.")
    value: Exact | None
    compared_value: Exact | None = Field(description="What it was to be compared with.")
    currency: Currency
    is_complete_period: bool | None


class QuestionAnswer(BaseModel):
    """What became of a question in plain words."""

    publication_id: PublicationId
    question: str
    outcome: Literal["answered", "ambiguous", "not_understood"]
    reading: str | None = Field(description="How the question was understood.")
    kpi_code: str | None
    unit: str | None
    values: list[AskedValue] = Field(description="The latest period first; 1,000 at most.")
    sql: str | None = Field(description="What was run.")
    why: str | None = Field(description="What is not clear, or was not understood.")
    candidates: list[str] = Field(description="What it might mean, at most three; none was run.")
    unknown_words: list[str] = Field(description="Words that nothing explains.")
    nearest: list[str] = Field(description="Names of KPIs that are most like what was asked.")


class AlertData(BaseModel):
    """What an alert was made of."""

    key: dict[str, str] = Field(description="The columns that tell what is watched from others.")
    period: str | None
    value: Exact | None
    reference: Exact | None = Field(description="What the value was compared with.")
    score: Exact | None = Field(description="What was compared with the limit.")


class Alert(BaseModel):
    """An alert of a monitor, as it is at this moment."""

    id: str
    monitor: str
    domain: str | None
    severity: Literal["low", "medium", "high", "critical"]
    status: Literal["firing", "resolved"]
    message: str
    data: AlertData
    occurrence_count: int
    detected_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    acknowledged: bool
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    feedback: Literal["true_positive", "false_positive"] | None
    as_of_date: date | None
    publication_id: str = Field(description="The publication in which it was last seen.")

    @field_validator("id", mode="before")
    @classmethod
    def _text(cls, value: object) -> str:
        return str(value)


class AlertList(BaseModel):
    """Alerts, the most severe first."""

    items: list[Alert]


class Feedback(BaseModel):
    """Whether an alert was right."""

    model_config = ConfigDict(extra="forbid")

    feedback: Literal["true_positive", "false_positive"]
