-- Retention of a month's sign-ups is that of its days: numerators and denominators add up.
{%- set day_numbers = [1, 7, 30] %}

with retention_daily as (

    select * from {{ ref('retention_daily') }}

),

monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

),

daily_sums as (

    select
        {% for day_number in day_numbers %}
        sum(coalesce(d{{ day_number }}_eligible_count, 0)) as d{{ day_number }}_eligible_count,
        sum(coalesce(d{{ day_number }}_retained_count, 0)) as d{{ day_number }}_retained_count,
        {% endfor %}
        {{ month_start('signup_date') }} as month_start
    from retention_daily
    group by {{ month_start('signup_date') }}

)

select monthly_metrics.month_start
from monthly_metrics
left join daily_sums
    on monthly_metrics.month_start = daily_sums.month_start
where
    daily_sums.month_start is null
    {% for day_number in day_numbers %}
    or monthly_metrics.retention_d{{ day_number }}_eligible_count
    <> daily_sums.d{{ day_number }}_eligible_count
    or monthly_metrics.retention_d{{ day_number }}_retained_count
    <> daily_sums.d{{ day_number }}_retained_count
    {% endfor %}
