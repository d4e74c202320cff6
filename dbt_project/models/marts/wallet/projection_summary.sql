{%- set projected_months = 24 %}

with projection as (

    select * from {{ ref('int_projection_months') }}
    where is_last_origin

),

origins as (

    select * from {{ ref('int_projection_origins') }}
    where is_last_origin

),

backtest as (

    select * from {{ ref('projection_backtest') }}

),

turns as (

    select
        origin_month,
        scenario,
        method,
        max(opening_cash_amount) as opening_cash_amount,
        min(case when closing_cash_amount < 0 then month_number end) as cash_out_month_number,
        -- A month that earns money before one that burns it again is no break-even.
        coalesce(max(case when burn_amount > 0 then month_number end), 0) + 1
            as break_even_month_number
    from projection
    group by origin_month, scenario, method

),

errors as (

    select
        scenario,
        method,
        cast(count(*) as bigint) as compared_month_count,
        {% for measure in ['mau', 'volume', 'revenue', 'cost'] %}
        {{ ratio(
            'sum(' ~ measure ~ '_absolute_percentage_error)',
            'count(' ~ measure ~ '_absolute_percentage_error)') }} as {{ measure }}_mape,
        {% endfor %}
        {{ count_where("volume_status = 'on_plan'") }} as volume_on_plan_month_count
    from backtest
    group by scenario, method

),

-- How the last complete month stands to the plan that was made some months before.
stands as (

    select
        backtest.scenario,
        backtest.method,
        backtest.origin_month,
        backtest.volume_status,
        backtest.burn_status,
        backtest.closing_cash_status
    from backtest
    inner join origins
        on
            backtest.month_start = origins.origin_month
            and backtest.scenario = origins.scenario
    where backtest.month_number = {{ var('wallet_projection_status_months') }}

),

dated as (

    select
        turns.*,
        case
            when turns.cash_out_month_number is not null
                then {{ add_months('turns.origin_month', 'turns.cash_out_month_number') }}
        end as cash_out_month,
        case
            when turns.break_even_month_number <= {{ projected_months }}
                then {{ add_months('turns.origin_month', 'turns.break_even_month_number') }}
        end as break_even_month
    from turns

),

final as (

    select
        dated.scenario,
        dated.method,
        dated.origin_month,
        '{{ currency_of("wallet") }}' as currency_code,
        cast(dated.opening_cash_amount as numeric(20, 2)) as opening_cash_amount,
        cast(dated.cash_out_month_number - 1 as integer) as runway_months,
        dated.cash_out_month,
        case
            when dated.cash_out_month is null then 'more than {{ projected_months }} months'
            when dated.cash_out_month_number = 2 then '1 month'
            else {{ dbt.concat([
                'cast(dated.cash_out_month_number - 1 as ' ~ dbt.type_string() ~ ')', "' months'"
            ]) }}
        end as runway_text,
        dated.break_even_month,
        case
            -- The last complete month burnt nothing, and none of the plan does.
            when dated.break_even_month_number = 1 and origins.burn_amount <= 0 then 'already'
            when dated.break_even_month is null then 'not in {{ projected_months }} months'
            else {{ year_month('dated.break_even_month') }}
        end as break_even_text,
        case
            when dated.break_even_month is not null
                then cast(
                    origins.months_since_launch + dated.break_even_month_number as integer
                )
        end as break_even_months_since_launch,
        stands.origin_month as status_origin_month,
        stands.volume_status,
        stands.burn_status,
        stands.closing_cash_status,
        coalesce(errors.compared_month_count, 0) as compared_month_count,
        coalesce(errors.volume_on_plan_month_count, 0) as volume_on_plan_month_count,
        {{ ratio('errors.volume_on_plan_month_count', 'errors.compared_month_count') }}
            as volume_on_plan_rate,
        errors.mau_mape,
        errors.volume_mape,
        errors.revenue_mape,
        errors.cost_mape
    from dated
    inner join origins
        on
            dated.origin_month = origins.origin_month
            and dated.scenario = origins.scenario
    left join errors
        on
            dated.scenario = errors.scenario
            and dated.method = errors.method
    left join stands
        on
            dated.scenario = stands.scenario
            and dated.method = stands.method

)

select * from final
