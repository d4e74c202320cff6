{{ config(materialized='table') }}

with days as (

    {{ day_spine('inventory') }}

),

stock_levels as (

    select * from {{ ref('int_stock_levels_spanned') }}

),

lines as (

    select * from {{ ref('int_goods_lines_netted') }}

),

-- The stock of a day is the sum of all its changes so far.
stock_changes as (

    select
        stock_date,
        sum((on_hand_units - coalesce(previous_on_hand_units, 0)) * unit_cost) as change_amount,
        {{ count_where('is_stockout_start') }} as stockout_incident_count
    from stock_levels
    group by stock_date

),

first_stocked as (

    select min(stock_date) as first_stock_date
    from stock_levels

),

flows as (

    select
        posting_date,
        sum(total_cogs) as cogs_amount,
        sum(net_ordered_units) as ordered_units,
        sum(filled_units) as filled_units,
        {{ count_where('is_demand') }} as order_line_count,
        {{ count_where('is_filled') }} as filled_line_count
    from lines
    group by posting_date

),

joined as (

    select
        days.date_day,
        days.month_start,
        days.date_day >= first_stocked.first_stock_date as is_stock_known,
        coalesce(stock_changes.change_amount, 0) as change_amount,
        coalesce(stock_changes.stockout_incident_count, 0) as stockout_incident_count,
        coalesce(flows.cogs_amount, 0) as cogs_amount,
        coalesce(flows.ordered_units, 0) as ordered_units,
        coalesce(flows.filled_units, 0) as filled_units,
        coalesce(flows.order_line_count, 0) as order_line_count,
        coalesce(flows.filled_line_count, 0) as filled_line_count
    from days
    cross join first_stocked
    left join stock_changes
        on days.date_day = stock_changes.stock_date
    left join flows
        on days.date_day = flows.posting_date

),

-- Before the first reading nobody knows what there was, and what it did.
known as (

    select
        *,
        case
            when is_stock_known
                then sum(change_amount) over (
                    order by date_day rows between unbounded preceding and current row
                )
        end as value_amount,
        case when is_stock_known then cogs_amount end as known_cogs_amount
    from joined

),

past_year as (

    select
        *,
        count(value_amount) over {{ trailing_days('date_day') }} as stock_days,
        sum(value_amount) over {{ trailing_days('date_day') }} as trailing_value_amount,
        sum(known_cogs_amount) over {{ trailing_days('date_day') }} as trailing_cogs_amount,
        sum(order_line_count) over {{ trailing_days('date_day') }} as trailing_order_line_count,
        sum(filled_line_count) over {{ trailing_days('date_day') }} as trailing_filled_line_count
    from known

),

measures as (

    select
        date_day,
        month_start,
        true as is_complete_period,
        cast(value_amount as numeric(20, 2)) as inventory_value_amount,
        cast(
            case when is_stock_known then stockout_incident_count end as bigint
        ) as stockout_incident_count,
        {{ money('cogs_amount') }} as cogs_amount,
        cast(ordered_units as numeric(18, 3)) as ordered_units,
        cast(filled_units as numeric(18, 3)) as filled_units,
        order_line_count,
        filled_line_count,
        cast(stock_days as integer) as stock_days,
        {{ to_scale(
            'cast(trailing_value_amount as ' ~ type_double() ~ ') / nullif(stock_days, 0)', 2) }}
            as average_value_amount,
        {{ to_scale(
            'cast(trailing_cogs_amount as ' ~ type_double() ~ ') * 365 / nullif(stock_days, 0)', 2)
        }} as annual_cogs_amount,
        cast(trailing_order_line_count as bigint) as trailing_order_line_count,
        cast(trailing_filled_line_count as bigint) as trailing_filled_line_count
    from past_year

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(inventory_kpis(), 'daily')) }}
    from measures

)

select * from final
