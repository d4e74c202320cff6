-- The card is the last complete month of the scorecard by month: same value, change and status.
with scorecard as (

    select * from {{ ref('kpi_scorecard') }}

),

scorecard_monthly as (

    select * from {{ ref('kpi_scorecard_monthly') }}

)

select
    scorecard.kpi_code,
    scorecard.value,
    scorecard_monthly.value as monthly_value
from scorecard
left join scorecard_monthly
    on
        scorecard.kpi_code = scorecard_monthly.kpi_code
        and scorecard.period_start = scorecard_monthly.month_start
where
    scorecard.period_grain = 'month'
    and (
        scorecard_monthly.kpi_code is null
        or coalesce(scorecard.value, -1e15) <> coalesce(scorecard_monthly.value, -1e15)
        or coalesce(scorecard.change_rate, -1e15) <> coalesce(scorecard_monthly.change_rate, -1e15)
        or scorecard.target_status <> scorecard_monthly.target_status
    )
