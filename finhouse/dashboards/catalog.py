"""What charts may use: the datasets of Superset, made from dbt's manifest and the KPI catalogue.

A metric is defined once, in dbt:

* ``config.meta.metric`` of a mart's column: ``{aggregate: sum}``, ``{ratio: [a, b]}``,
  ``{kpi: success_rate}``, ``{aggregate: last, over: month_start}``;
* ``config.meta.metrics`` of a mart, by name, for what is no column: distinct counts, sums under a
  condition, ratios of such;
* each row of the seed ``kpi_catalogue_entries`` is a metric of ``kpi_monthly`` or ``kpi_daily``, or
  of both, as its registry says; its target is another one, and so is its value of last year.

``config.meta.words`` of a column says in a viewer's words what its codes mean: the dataset has them
as ``<column>__words``, whose alphabetical order is the order to show them in. ``words: domains``
takes the labels of the domains, ``words: kpis`` the names of the KPIs; ``words: plain`` makes
``BANK_TIMEOUT`` into ``Bank timeout``, and ``words: none`` says that the values are words already,
as those of a column ``<what>_name`` are. ``ordered`` says that the codes have an order: ``true``,
or where (``{breakdown: [age_band]}``).

A column ``is_complete_<period>`` or ``is_<what>_complete`` is also there in words, as
``<period>_status`` or ``<what>_status``.

The SQL of the aggregation is written here alone and runs unchanged on DuckDB and Postgres.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import ValidationError

from finhouse.dashboards.definitions import Written
from finhouse.dbt.data_classes import PERSONAL, data_class, meta_of
from finhouse.dbt.kpis import registry_entries
from finhouse.dbt.manifest import manifest_in, marts_of
from finhouse.dbt.process import ask_dbt
from finhouse.errors import ConfigurationError, TransformError
from finhouse.settings import Settings
from finhouse.warehouse import text_literal

Format = Literal[
    "count",
    "currency",
    "percent",
    "fine_percent",
    "number",
    "milliseconds",
    "text",
    "date",
]

# d3 formats; SMART_NUMBER is Superset's own.
D3_FORMATS: dict[str, str | None] = {
    "count": ",d",
    "currency": "SMART_NUMBER",
    "percent": ".1%",
    "fine_percent": ".2%",
    "number": ",.2f",
    "milliseconds": ",d",
    "text": None,
    "date": None,
}
# Names promise units (style: `_count`, `_amount`, `_rate` ...); other names state a format.
FORMAT_OF_SUFFIX: dict[str, Format] = {
    "count": "count",
    "amount": "currency",
    "rate": "percent",
    "share": "percent",
    "ms": "milliseconds",
}
FORMAT_OF_KPI_UNIT: dict[str, Format] = {
    "currency": "currency",
    "count": "count",
    "rate": "fine_percent",
    "number": "number",
    "ms": "milliseconds",
}
KPI_TIME = {"kpi_monthly": "month_start", "kpi_daily": "date_day"}
TEMPORAL_TYPES = ("date", "timestamp")
# Aggregates that compare with the moment of looking.
AGES = ("age", "late_count", "lateness")
# What a mart says whose rows are about no customers.
NOBODY = "none"
# Codes that say what they mean, but for their underscores and capitals.
PLAIN = "plain"
TARGET_SUFFIX = "__target"
LAST_YEAR_SUFFIX = "__last_year"
WORDS_SUFFIX = "__words"

WORDS = {
    "mau": "MAU", "dau": "DAU", "wau": "WAU", "ltv": "LTV", "cac": "CAC", "kyc": "KYC",
    "kpi": "KPI", "id": "ID", "ms": "(ms)", "rpu": "Revenue per user", "mrr": "MRR",
    "cogs": "COGS", "d1": "D1", "d7": "D7", "d30": "D30", "p95": "P95",
}  # fmt: skip


class MetricSpec(Written):
    """A metric as dbt's ``meta`` states it; see the module's docstring.

    Attributes:
        aggregate: how rows become one value. ``last`` and ``average_over_time`` are for what must
            never be summed over time; both need ``over``, the column of the period, and ``last``
            needs ``per`` where a row has more to its grain than the period. ``list`` is all texts
            in a row. ``age``, ``late_count`` and ``lateness`` compare a timestamp (UTC) with the
            moment of looking: hours since the oldest; rows older than ``limit``, or without one;
            and whether there are any, as ``late`` or ``ok``.
        ratio: sum of the first column over sum of the second; or two metrics of the mart.
        kpi: code of the KPI that the metric is. Of a ratio it says all: its numerator over its
            denominator, as the registry has them, both columns of the mart. Of another KPI it
            stands beside ``aggregate``.
        is_part: the mart has a part of the KPI's rows alone, as those of referred users: the value
            is another one, complete when the KPI is.
        complete: the column of booleans that says where the metric is complete; default that of the
            period. A KPI that matures after its period needs it.
        sorted_by: the metric by which a chart that shows this one must be sorted, ascending.
        complement: 1 - the ratio.
        column: the column aggregated, for metrics that bear another name.
        where: columns of booleans that must all be true for a row to count.
        where_any: columns of booleans of which one must be true.
        over: the date column of a semi-additive metric.
        limit: the column of the hours after which a row is late.
        per: columns that the chart must split by or pin to one value.
        format: how it is shown; default by the suffix of its name.
        label: its name for viewers; default made from the name.
        description: default the column's.
        currency: ``reporting`` for amounts in the reporting currency; default the domain's.
    """

    aggregate: (
        Literal[
            "sum",
            "count",
            "count_distinct",
            "min",
            "max",
            "list",
            "last",
            "average_over_time",
            "age",
            "late_count",
            "lateness",
        ]
        | None
    ) = None
    ratio: tuple[str, str] | None = None
    kpi: str | None = None
    is_part: bool = False
    complete: str | None = None
    sorted_by: str | None = None
    column: str | None = None
    where: tuple[str, ...] = ()
    where_any: tuple[str, ...] = ()
    complement: bool = False
    over: str | None = None
    limit: str | None = None
    per: tuple[str, ...] = ()
    format: Format | None = None
    label: str | None = None
    description: str | None = None
    currency: Literal["reporting"] | None = None


# Over which rows of a mart a metric means something.
Rows = Literal["any", "of a period", "one"]


@dataclass(frozen=True)
class KpiRule:
    """What a registry and the catalogue say of how a KPI is made.

    Attributes:
        parts: numerator and, of a ratio, denominator; empty for a percentile.
        additivity: as in the catalogue; None where that of an older version does not say.
        matures: it is complete later than its period.
    """

    parts: tuple[str, ...]
    additivity: str | None
    matures: bool

    @property
    def is_ratio(self) -> bool:
        return len(self.parts) == 2


@dataclass(frozen=True)
class Metric:
    """A metric of a dataset, ready for Superset.

    Attributes:
        per, complete, sorted_by, is_part: as in ``MetricSpec``.
        kpi_code: the KPI that it is.
        rows: over which rows it means something: a distinct count, or a percentile, over one alone.
        is_age: it changes while the data do not: what it was a minute ago is no answer.
    """

    name: str
    label: str
    description: str
    expression: str
    format: Format
    currency: str | None
    per: tuple[str, ...] = ()
    kpi_code: str | None = None
    complete: str | None = None
    sorted_by: str | None = None
    is_part: bool = False
    rows: Rows = "any"
    is_age: bool = False

    @property
    def d3_format(self) -> str | None:
        return D3_FORMATS[self.format]

    @property
    def is_rate(self) -> bool:
        return self.format in ("percent", "fine_percent")


@dataclass(frozen=True)
class Column:
    """A column of a dataset; ``expression`` only for the one that is computed.

    Attributes:
        codes: all values it may have, where a test lists them, in the order of that list.
        is_worded: its values are words already.
        ordered: the codes have an order: everywhere (True), or where a column has one of some
            values.
        looks_ahead: its dates are still to come: none of its periods is over.
    """

    name: str
    label: str
    description: str
    data_type: str
    expression: str | None = None
    codes: tuple[str, ...] = ()
    is_worded: bool = False
    ordered: bool | Mapping[str, Sequence[str]] = False
    looks_ahead: bool = False

    @property
    def is_temporal(self) -> bool:
        return self.data_type in TEMPORAL_TYPES


@dataclass(frozen=True)
class Dataset:
    """A published mart as charts see it; columns of personal data are not part of it.

    Attributes:
        grain: columns that identify a row; empty where the mart does not say.
        is_personal: each row is about one person; such a mart is no dataset of Superset at all.
        people: SQL of how many customers stand behind a group of rows; empty where the mart says
            that its rows are about none; None where it does not say.
        minimum_cell_size: the fewest customers whose value a viewer sees.
    """

    mart: str
    domain: str
    description: str
    columns: dict[str, Column]
    metrics: dict[str, Metric]
    grain: tuple[str, ...] = ()
    is_personal: bool = False
    personal_columns: frozenset[str] = field(default_factory=frozenset)
    people: str | None = None
    minimum_cell_size: int = 1

    @property
    def shown_where(self) -> str | None:
        """Which groups of rows a viewer sees, as the condition of a HAVING; None: all of them.

        A group of no customers tells of nobody, and a month without any is no gap in a line.
        """
        if not self.people:
            return None
        return f"{self.people} = 0 or {self.people} >= {self.minimum_cell_size}"

    @property
    def time_columns(self) -> list[str]:
        return [column.name for column in self.columns.values() if column.is_temporal]


def parse_project(settings: Settings) -> dict[str, Any]:
    """dbt's manifest of the project as it stands, by ``dbt parse`` into a folder of its own.

    Raises:
        TransformError: the project does not parse.
    """
    output = settings.home / "dbt" / "parse"
    # Whatever the target, the project parses alike, and the dbt of DuckDB is always installed.
    duckdb = replace(settings, target="duckdb")
    result = ask_dbt(
        duckdb,
        ["parse", "--quiet", "--target-path", str(output), "--log-path", str(output / "logs")],
        connects=False,
    )
    if result.returncode:
        raise TransformError(
            f"the dbt project does not parse:\n{(result.stdout + result.stderr).strip()}",
            "correct it; `make dbt ARGS=parse` shows the same message",
        )
    return manifest_in(output)


def build_catalog(
    manifest: Mapping[str, Any], kpis: Iterable[Mapping[str, str]], variables: Mapping[str, Any]
) -> dict[str, Dataset]:
    """Datasets by mart.

    Args:
        manifest: dbt's manifest, with the KPI registries.
        kpis: rows of the KPI catalogue; one is a metric of the marts whose grain it has.
        variables: ``vars`` of dbt_project.yml: domains with their labels and currencies; KPIs of
            other domains are left out.

    Raises:
        ConfigurationError: a metric in ``meta`` cannot be understood.
    """
    domains = variables["domains"]
    currencies = {name: entry["currency"] for name, entry in domains.items()}
    reporting = variables["reporting_currency"]
    kpis = list(kpis)
    additivity = {kpi["kpi_code"]: kpi.get("additivity") for kpi in kpis}
    codes: dict[str, set[str]] = {mart: set() for mart in KPI_TIME}
    rules: dict[str, KpiRule] = {}
    for grain, _, entry in registry_entries(manifest):
        codes[f"kpi_{grain}"].add(entry["code"])
        parts = tuple(entry[part] for part in ("numerator", "denominator") if part in entry)
        rules[entry["code"]] = KpiRule(parts, additivity.get(entry["code"]), "complete" in entry)
    accepted = _accepted_values(manifest)
    labels = {
        "domains": {domain: entry.get("label", domain) for domain, entry in domains.items()},
        "kpis": {kpi["kpi_code"]: kpi["kpi_name"] for kpi in kpis},
    }
    datasets = {}
    for name, node in marts_of(manifest).items():
        datasets[name] = replace(
            _dataset(
                node, domains, reporting, rules, accepted.get(node.get("unique_id"), {}), labels
            ),
            minimum_cell_size=variables["minimum_cell_size"],
        )
        if name in KPI_TIME:
            _add_kpis(datasets[name], [k for k in kpis if k["kpi_code"] in codes[name]], currencies)
    return datasets


def _accepted_values(manifest: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Values of columns as their tests list them, by model and column."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {}
        if test.get("name") == "accepted_values" and node.get("column_name"):
            values = tuple(str(value) for value in test["kwargs"]["values"])
            found.setdefault(node["attached_node"], {})[node["column_name"]] = values
    return found


def kpi_of(metric: str) -> str:
    """Code of the KPI whose value, target or value of last year a metric of a KPI mart is."""
    return metric.removesuffix(TARGET_SUFFIX).removesuffix(LAST_YEAR_SUFFIX)


def humanise(name: str) -> str:
    """A column's name in words: ``new_user_count`` -> ``New users``, ``mau`` -> ``MAU``."""
    stem = re.sub(r"_(amount|code|name|start)$", "", name)
    if name.endswith("_count"):
        stem = _plural(name.removesuffix("_count"))
    words = [WORDS.get(word, word) for word in stem.removeprefix("is_").split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _plural(words: str) -> str:
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith("s") else "s")


def _dataset(
    node: Mapping[str, Any],
    domains: Mapping[str, Mapping[str, Any]],
    reporting: str,
    rules: Mapping[str, KpiRule],
    accepted: Mapping[str, tuple[str, ...]],
    labels: Mapping[str, Mapping[str, str]],
) -> Dataset:
    currency = domains.get(node["fqn"][2], {}).get("currency")
    columns: dict[str, Column] = {}
    personal = set()
    for name, column in node["columns"].items():
        meta = meta_of(column)
        if data_class(node, name) == PERSONAL:
            personal.add(name)
            continue
        columns[name] = Column(
            name=name,
            label=meta.get("label") or humanise(name),
            description=_one_line(column["description"]),
            data_type=column["data_type"],
            codes=accepted.get(name, ()),
            is_worded=meta.get("words") == NOBODY or name.endswith("_name"),
            ordered=meta.get("ordered", False),
            looks_ahead=meta.get("looks_ahead", False),
        )
        words = meta.get("words")
        if words not in (None, NOBODY):
            columns[name + WORDS_SUFFIX] = _in_words(
                node["name"],
                columns[name],
                labels.get(words, words) if isinstance(words, str) else words,
            )
        if status := status_of(name):
            columns[status] = Column(
                name=status,
                label=humanise(status.removesuffix("_status")),
                description=(
                    "Whether it is complete; what still runs or lacks a file is not comparable."
                ),
                data_type="string",
                expression=f"case when {name} then 'Complete' else 'Not complete' end",
            )
    dataset = Dataset(
        mart=node["name"],
        domain=node["fqn"][2],
        description=_one_line(node["description"]),
        columns=columns,
        metrics={},
        grain=tuple(meta_of(node).get("grain", ())),
        is_personal=meta_of(node).get("data_class") == PERSONAL,
        personal_columns=frozenset(personal),
    )
    for name, spec, description in _specs(node):
        dataset.metrics[name] = _metric(
            dataset, name, spec, description, currency, reporting, rules
        )
    return replace(dataset, people=_people(dataset, meta_of(node).get("people")))


def _people(dataset: Dataset, stated: Any) -> str | None:
    """SQL of how many customers stand behind a group of rows; see ``Dataset.people``."""
    if stated is None:
        return None
    if stated == NOBODY:
        return ""
    try:
        return _expression(dataset, "people", MetricSpec.model_validate(stated))
    except ValidationError as error:
        raise _wrong(dataset.mart, "people", str(error.errors()[0]["msg"])) from error


def status_of(column: str) -> str | None:
    """Name of the column that says in words what a column of completeness says.

    ``is_complete_week`` -> ``week_status``, ``is_fraud_complete`` -> ``fraud_status``.
    """
    match = re.fullmatch(r"is_complete_(\w+)|is_(\w+)_complete", column)
    return f"{match[1] or match[2]}_status" if match else None


def _in_words(mart: str, column: Column, words: Mapping[str, str] | str) -> Column:
    """A column of codes in a viewer's words; a code without any stands for itself."""
    if isinstance(words, str):
        if words != PLAIN:
            raise ConfigurationError(
                f"column {column.name} of mart {mart} has `words: {words}`",
                "say plain, domains, kpis, none, or what each code means",
            )
        first, rest = f"substring({column.name}, 1, 1)", f"substring({column.name}, 2)"
        return replace(
            column,
            name=column.name + WORDS_SUFFIX,
            codes=(),
            is_worded=True,
            expression=f"upper({first}) || lower(replace({rest}, '_', ' '))",
        )
    shown = [words.get(code, code) for code in column.codes]
    if column.ordered is True and shown != sorted(shown):
        raise ConfigurationError(
            f"column {column.name} of mart {mart} is ordered, and its words are not: "
            f"{', '.join(shown)}",
            "give it words whose alphabetical order is theirs, as 1 Pass, 2 Doubtful",
        )
    cases = " ".join(
        f"when {text_literal(code)} then {text_literal(text)}" for code, text in words.items()
    )
    return replace(
        column,
        name=column.name + WORDS_SUFFIX,
        codes=(),
        is_worded=True,
        expression=f"case {column.name} {cases} else {column.name} end",
    )


def _specs(node: Mapping[str, Any]) -> list[tuple[str, MetricSpec, str]]:
    """Metrics the mart's YAML states, those of columns first."""
    stated = [
        (name, column["config"].get("meta", {}).get("metric"), column["description"])
        for name, column in node["columns"].items()
    ]
    of_mart = node["config"].get("meta", {}).get("metrics", {})
    stated += [(name, spec, spec.get("description", "")) for name, spec in of_mart.items()]
    found = []
    for name, spec, description in stated:
        if spec is None:
            continue
        try:
            read = MetricSpec.model_validate(spec)
        except ValidationError as error:
            raise _wrong(node["name"], name, str(error.errors()[0]["msg"])) from error
        found.append((name, read, _one_line(description)))
    return found


def _metric(
    dataset: Dataset,
    name: str,
    spec: MetricSpec,
    description: str,
    currency: str | None,
    reporting: str,
    rules: Mapping[str, KpiRule],
) -> Metric:
    spec = _of_its_kpi(dataset, name, spec, rules)
    shown_as = spec.format or FORMAT_OF_SUFFIX.get(name.rsplit("_", 1)[-1])
    if shown_as is None:
        raise _wrong(dataset.mart, name, "its name promises no unit, so it needs a format")
    in_currency = shown_as == "currency"
    if in_currency and spec.currency is None and currency is None:
        raise _wrong(dataset.mart, name, "the mart belongs to no domain with a currency")
    return Metric(
        name=name,
        label=spec.label or humanise(name),
        description=spec.description or description,
        expression=_expression(dataset, name, spec),
        format=shown_as,
        currency=(reporting if spec.currency else currency) if in_currency else None,
        per=spec.per,
        kpi_code=spec.kpi,
        complete=_known(dataset, name, spec.complete, set(dataset.columns))
        if spec.complete
        else None,
        sorted_by=spec.sorted_by,
        is_part=spec.is_part,
        rows=_rows_taken(dataset, name, spec, rules),
        is_age=spec.aggregate in AGES,
    )


def _of_its_kpi(
    dataset: Dataset, name: str, spec: MetricSpec, rules: Mapping[str, KpiRule]
) -> MetricSpec:
    """A metric with the parts of the KPI that it is."""
    if spec.kpi is None:
        return spec
    rule = rules.get(spec.kpi)
    if rule is None:
        raise _wrong(dataset.mart, name, f"{spec.kpi} is no KPI")
    if rule.matures and spec.complete is None:
        raise _wrong(
            dataset.mart,
            name,
            f"KPI {spec.kpi} is complete later than its period: name the column that says where it "
            "is as `complete` (macro kpi_complete)",
        )
    if not rule.is_ratio:
        if spec.aggregate is None:
            raise _wrong(dataset.mart, name, f"KPI {spec.kpi} is no ratio: state `aggregate` too")
        return spec
    if spec.aggregate or spec.ratio == rule.parts:
        raise _wrong(dataset.mart, name, f"KPI {spec.kpi} is a ratio, and says all: name it alone")
    return spec if spec.ratio else spec.model_copy(update={"ratio": rule.parts})


def _rows_taken(
    dataset: Dataset, name: str, spec: MetricSpec, rules: Mapping[str, KpiRule]
) -> Rows:
    """Over which rows a metric means something: as its KPI, or as the columns it is made of."""
    counted = {
        rule.parts[0]
        for rule in rules.values()
        if rule.additivity == "distinct" and len(rule.parts) == 1
    }
    is_counted = bool(counted & set(spec.ratio or [spec.column or name]))
    if is_counted and spec.aggregate == "sum":
        raise _wrong(
            dataset.mart,
            name,
            "it is a distinct count, and a sum counts whoever is in two rows twice: take last or "
            "average_over_time",
        )
    if spec.aggregate == "average_over_time":
        return "any"
    additivity = rules[spec.kpi].additivity if spec.kpi else None
    if is_counted or additivity == "distinct":
        return "one"
    return "of a period" if spec.ratio and additivity == "last" else "any"


def _expression(dataset: Dataset, name: str, spec: MetricSpec) -> str:
    """SQL of a metric, the same on both engines."""
    if (spec.ratio is None) == (spec.aggregate is None):
        raise _wrong(dataset.mart, name, "state one of aggregate, ratio and kpi")
    known = set(dataset.columns) | dataset.personal_columns
    if spec.ratio:
        parts = [
            dataset.metrics[part].expression
            if part in dataset.metrics
            else f"sum({_known(dataset, name, part, known)})"
            for part in spec.ratio
        ]
        ratio = f"1.0 * {parts[0]} / nullif({parts[1]}, 0)"
        return f"1 - {ratio}" if spec.complement else ratio
    conditions = [_known(dataset, name, condition, known) for condition in spec.where]
    if spec.where_any:
        either = [_known(dataset, name, condition, known) for condition in spec.where_any]
        conditions.append(f"({' or '.join(either)})")
    only = f" filter (where {' and '.join(conditions)})" if conditions else ""
    if spec.aggregate == "count":
        return f"count(*){only}"
    column = _known(dataset, name, spec.column or name, known)
    if spec.aggregate in ("last", "average_over_time"):
        if spec.over is None:
            raise _wrong(dataset.mart, name, f"{spec.aggregate} needs `over`, the period's column")
        over = _known(dataset, name, spec.over, known)
        if spec.aggregate == "last":
            if len(dataset.grain) > 1 and not spec.per:
                raise _wrong(
                    dataset.mart,
                    name,
                    f"the last of {', '.join(dataset.grain)} may be any of several rows: state by "
                    "`per` what charts split by, or take average_over_time",
                )
            return f"(array_agg({column} order by {over} desc){only})[1]"
        return f"1.0 * sum({column}){only} / nullif(count(distinct {over}){only}, 0)"
    if spec.aggregate in AGES:
        limit = _known(dataset, name, spec.limit, known) if spec.limit else None
        return _age(dataset, name, spec.aggregate, column, limit)
    if spec.aggregate == "list":
        return f"string_agg({column}, ', ' order by {column}){only}"
    if spec.aggregate == "count_distinct":
        return f"count(distinct {column}){only}"
    if only and spec.aggregate == "sum":
        # The sum of no row is 0; as a null it would be the largest value on Postgres.
        return f"coalesce(sum({column}){only}, 0)"
    return f"{spec.aggregate}({column}){only}"


def _age(dataset: Dataset, name: str, aggregate: str, column: str, limit: str | None) -> str:
    """SQL of what is measured when it is looked at; the seconds of both engines are UTC's."""
    if aggregate == "age":
        return f"{_SECONDS_SINCE.format(f'min({column})')} / 3600"
    if limit is None:
        raise _wrong(dataset.mart, name, f"{aggregate} needs `limit`, a column of hours")
    in_time = f"{_SECONDS_SINCE.format(column)} <= {limit} * 3600"
    late = f"sum(case when {in_time} then 0 else 1 end)"
    return late if aggregate == "late_count" else f"case when {late} = 0 then 'ok' else 'late' end"


_SECONDS_SINCE = "(extract(epoch from now()) - extract(epoch from {}))"


def _known(dataset: Dataset, metric: str, column: str, known: set[str]) -> str:
    if column not in known:
        raise _wrong(dataset.mart, metric, f"the mart has no column {column}")
    return column


def _wrong(mart: str, metric: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"metric {metric} of mart {mart}: {why}", f"correct `meta` in the YAML file of {mart}"
    )


def _add_kpis(
    dataset: Dataset, kpis: list[Mapping[str, str]], currencies: Mapping[str, str]
) -> None:
    """Each KPI, its target and its value of last year, as metrics of a long table of KPI values."""
    over = KPI_TIME[dataset.mart]
    for kpi in kpis:
        if kpi["domain"] not in currencies:
            continue
        code, only = kpi["kpi_code"], f"filter (where kpi_code = '{kpi['kpi_code']}')"
        last = f"(array_agg({{}} order by {over} desc) {only})[1]"
        # Over a longer period than the KPI's own only what is additive is computed. The base of a
        # change may be of a version whose catalogue does not say what is.
        additivity = kpi.get("additivity")
        expression = {
            "sum": f"sum(numerator) {only}",
            "ratio_of_sums": f"sum(numerator) {only} / nullif(sum(denominator) {only}, 0)",
        }.get(additivity, last.format("value"))
        shown_as = FORMAT_OF_KPI_UNIT[kpi["unit"]]
        shared = {
            "format": shown_as,
            "currency": currencies[kpi["domain"]] if shown_as == "currency" else None,
            "kpi_code": code,
            "rows": "one" if additivity == "distinct" else "any",
        }
        formula = kpi["formula"][:1].upper() + kpi["formula"][1:]
        dataset.metrics[code] = Metric(code, kpi["kpi_name"], f"{formula}.", expression, **shared)
        if kpi["target_operator"]:
            dataset.metrics[code + TARGET_SUFFIX] = Metric(
                name=code + TARGET_SUFFIX,
                label="Target",
                description=f"Target of {kpi['kpi_name']}: {kpi['target_operator']} this value.",
                expression=last.format("target"),
                **shared,
            )
        if dataset.mart == "kpi_monthly":
            dataset.metrics[code + LAST_YEAR_SUFFIX] = Metric(
                name=code + LAST_YEAR_SUFFIX,
                label="Same month last year",
                description=f"{kpi['kpi_name']} of the same month a year before.",
                expression=last.format("value_last_year"),
                **shared,
            )


def _one_line(text: str) -> str:
    return " ".join((text or "").split())
