-- The card shows what kpi_monthly says of the same month, and no complete month is newer.
with scorecard as (

    select * from {{ ref('kpi_scorecard') }}

),

kpi_monthly as (

    select * from {{ ref('kpi_monthly') }}

),

last_months as (

    select
        kpi_code,
        max(month_start) as month_start
    from kpi_monthly
    where is_complete_period
    group by kpi_code

)

select
    scorecard.kpi_code,
    scorecard.period_start,
    scorecard.value,
    kpi_monthly.value as monthly_value
from scorecard
left join kpi_monthly
    on
        scorecard.kpi_code = kpi_monthly.kpi_code
        and scorecard.period_start = kpi_monthly.month_start
left join last_months
    on scorecard.kpi_code = last_months.kpi_code
where
    scorecard.period_grain = 'month'
    and (
        kpi_monthly.kpi_code is null
        or coalesce(scorecard.value, -1e15) <> coalesce(kpi_monthly.value, -1e15)
        or coalesce(scorecard.numerator, -1e15) <> coalesce(kpi_monthly.numerator, -1e15)
        or coalesce(scorecard.denominator, -1e15) <> coalesce(kpi_monthly.denominator, -1e15)
        or scorecard.target_status <> kpi_monthly.target_status
        or scorecard.period_start <> last_months.month_start
    )
