"""The five results of merchant activity, over all time, and what was imported for them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from fastapi import APIRouter, Depends, Response
from pydantic import RootModel

from finhouse.api.answers import Answering
from finhouse.api.guard import restricted
from finhouse.api.problems import ProblemError, responses
from finhouse.api.publications import Published
from finhouse.api.shapes import FailureRate, ImportSummary, KycFunnel, Rejection, TopMerchant

DOMAIN = "merchant_activity"
# A row with this reason is kept, and counts on the day that it is dated.
_NO_REJECTION = "timestamp_of_another_day"
_ALREADY_LOADED = "duplicate_event_id"

router = APIRouter(tags=["merchant activity"])

Counts = RootModel[dict[str, int]]
FailureRates = RootModel[list[FailureRate]]


@router.get(
    "/analytics/top-merchant",
    operation_id="top_merchant",
    response_model=TopMerchant,
    responses=responses(404),
    dependencies=[Depends(restricted)],
)
async def top_merchant(answer: Answering) -> Response:
    """Merchant with the largest sum of successful amounts."""

    def made(published: Published) -> TopMerchant:
        _check_data(published)
        found = published.rows(
            "select merchant_id, total_amount from published.top_merchant where merchant_rank = 1"
        )
        if not found:
            raise _nothing("no activity of a merchant has succeeded")
        return TopMerchant(
            merchant_id=found[0]["merchant_id"], total_volume=float(found[0]["total_amount"])
        )

    return await answer.of(made)


@router.get(
    "/analytics/monthly-active-merchants",
    operation_id="monthly_active_merchants",
    response_model=dict[str, int],
    responses=responses(404),
)
async def monthly_active_merchants(answer: Answering) -> Response:
    """Distinct merchants with a successful activity, by month: `{"2024-01": 6446}`."""

    def made(published: Published) -> Counts:
        _check_data(published)
        found = published.rows(
            "select month_start, active_merchant_count from published.monthly_active_merchants "
            "where active_merchant_count > 0 order by month_start"
        )
        if not found:
            raise _nothing("no merchant has been active in any month")
        return Counts(
            {f"{row['month_start']:%Y-%m}": row["active_merchant_count"] for row in found}
        )

    return await answer.of(made)


@router.get(
    "/analytics/product-adoption",
    operation_id="product_adoption",
    response_model=dict[str, int],
    responses=responses(404),
)
async def product_adoption(answer: Answering) -> Response:
    """Distinct merchants that used each product, successfully or not, in descending order."""

    def made(published: Published) -> Counts:
        _check_data(published)
        found = published.rows(
            "select product, merchant_count from published.product_adoption "
            "order by merchant_count desc, product"
        )
        if not found:
            raise _nothing("no activity names a product")
        return Counts({row["product"]: row["merchant_count"] for row in found})

    return await answer.of(made)


@router.get(
    "/analytics/kyc-funnel",
    operation_id="kyc_funnel",
    response_model=KycFunnel,
    responses=responses(404),
)
async def kyc_funnel(answer: Answering) -> Response:
    """Distinct merchants that reached each stage of the KYC funnel."""

    def made(published: Published) -> KycFunnel:
        _check_data(published)
        found = published.rows("select stage, merchant_count from published.kyc_funnel")
        reached = {row["stage"]: row["merchant_count"] for row in found}
        return KycFunnel(
            documents_submitted=reached["DOCUMENT_SUBMITTED"],
            verifications_completed=reached["VERIFICATION_COMPLETED"],
            tier_upgrades=reached["TIER_UPGRADE"],
        )

    return await answer.of(made)


@router.get(
    "/analytics/failure-rates",
    operation_id="failure_rates",
    response_model=list[FailureRate],
    responses=responses(404),
)
async def failure_rates(answer: Answering) -> Response:
    """Percentage of failed among succeeded and failed activities, by product, descending."""

    def made(published: Published) -> FailureRates:
        _check_data(published)
        found = published.rows(
            "select product, failed_count, success_count from published.failure_rates "
            # Of a product whose activities are all pending nothing is known yet.
            "where failed_count + success_count > 0 order by failure_rate desc, product"
        )
        if not found:
            raise _nothing("no activity has succeeded or failed")
        return FailureRates(
            [
                FailureRate(
                    product=row["product"],
                    failure_rate=percent(row["failed_count"], row["success_count"]),
                )
                for row in found
            ]
        )

    return await answer.of(made)


@router.get(
    "/imports/merchant_activity",
    operation_id="import_summary",
    response_model=ImportSummary,
)
async def import_summary(answer: Answering) -> Response:
    """Files, rows, rejected values, and rows that were already loaded."""
    return await answer.of(_imported)


def percent(failed: int, succeeded: int) -> float:
    """Share of ``failed`` in percent, to one decimal, halves up: 1 of 16 -> 6.3."""
    share = Decimal(100 * failed) / Decimal(failed + succeeded)
    return float(share.quantize(Decimal("0.1"), ROUND_HALF_UP))


def _imported(published: Published) -> ImportSummary:
    [files] = published.rows(
        "select count(*) as files, min(file_date) as first_file_date, "
        "max(file_date) as last_file_date, coalesce(sum(file_row_count), 0) as file_rows, "
        "coalesce(sum(rejection_count), 0) as already_loaded "
        "from published.activity_rejections where reason = $1",
        (_ALREADY_LOADED,),
    )
    rejections = published.rows(
        "select reason, sum(rejection_count) as rejected_values from published.activity_rejections "
        "where reason not in ($1, $2) group by reason order by reason",
        (_ALREADY_LOADED, _NO_REJECTION),
    )
    [missing] = published.rows(
        "select count(*) as files from published.file_gaps where source_name = $1", (DOMAIN,)
    )
    return ImportSummary(
        publication_id=published.id,
        source=DOMAIN,
        files=files["files"],
        first_file_date=files["first_file_date"],
        last_file_date=files["last_file_date"],
        missing_files=missing["files"],
        rows=int(files["file_rows"]),
        already_loaded=int(files["already_loaded"]),
        rejected=sum(int(row["rejected_values"]) for row in rejections),
        rejections=[
            Rejection(reason=row["reason"], values=int(row["rejected_values"]))
            for row in rejections
        ],
    )


def _check_data(published: Published) -> None:
    found = published.rows(
        "select 1 from published.data_recency where domain = $1 and as_of_date is not null",
        (DOMAIN,),
    )
    if not found:
        raise _nothing("no file of merchant activity has been loaded")


def _nothing(why: str) -> ProblemError:
    return ProblemError(404, "no-data", f"There is no answer yet: {why}.")
