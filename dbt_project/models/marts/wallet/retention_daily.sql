{%- set day_numbers = [1, 7, 30] -%}

with retention as (

    select * from {{ ref('int_wallet_retention_by_signup_day') }}

),

metrics as (

    select * from {{ ref('int_wallet_metrics_daily') }}

),

pivoted as (

    select
        signup_date,
        -- noqa: disable=LT02
        {% for day_number in day_numbers %}
        max(case when day_number = {{ day_number }} then eligible_user_count end)
            as d{{ day_number }}_eligible_count,
        max(case when day_number = {{ day_number }} then retained_user_count end)
            as d{{ day_number }}_retained_count{{ ',' if not loop.last }}
        {% endfor %}
    -- noqa: enable=LT02
    from retention
    group by signup_date

),

final as (

    select
        metrics.date_day as signup_date,
        metrics.new_user_count,
        {{ is_period_over('week', 'metrics.date_day', as_of_date('wallet')) }} as is_complete_week,
        -- noqa: disable=LT02
        {% for day_number in day_numbers %}
        pivoted.d{{ day_number }}_eligible_count,
        pivoted.d{{ day_number }}_retained_count,
        {{ ratio(
            'pivoted.d' ~ day_number ~ '_retained_count',
            'pivoted.d' ~ day_number ~ '_eligible_count') }}
            as retention_d{{ day_number }}{{ ',' if not loop.last }}
        {% endfor %}
    -- noqa: enable=LT02
    from metrics
    left join pivoted
        on metrics.date_day = pivoted.signup_date

)

select * from final
