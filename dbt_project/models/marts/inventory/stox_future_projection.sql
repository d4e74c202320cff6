{%- set double = type_double() -%}
with demand as (

    select * from {{ ref('int_inventory_demand_daily') }}

),

policies as (

    select * from {{ ref('int_inventory_policies') }}

),

positions as (

    select * from {{ ref('int_inventory_positions') }}

),

-- Month 0 is the one that still runs.
horizon as (

    {% for month in range(13) %}
    select {{ month }} as month_number
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- The material's whole months: since its first order, and over.
months as (

    select
        material_number,
        month_start,
        sum(ordered_units) as demand_units
    from demand
    where
        first_order_date <= month_start
        and {{ last_day_of_month('month_start') }} <= {{ as_of_date('inventory') }}
    group by material_number, month_start

),

numbered as (

    select
        *,
        row_number() over (partition by material_number order by month_start desc) as age,
        count(*) over (partition by material_number) as month_count
    from months

),

-- Whole years from two years on, each calendar month a season; else the last twelve months, all of
-- one season.
used as (

    select
        material_number,
        demand_units,
        age <= 12 as is_recent,
        month_count >= 24 as is_seasonal,
        case when month_count >= 24 then extract(month from month_start) else 0 end as season
    from numbered
    where age <= case when month_count >= 24 then month_count - mod(month_count, 12) else 12 end

),

seasons as (

    select
        material_number,
        is_seasonal,
        season,
        count(*) as month_count,
        cast(sum(demand_units) as {{ double }}) as demand_units,
        cast(sum(demand_units * demand_units) as {{ double }}) as demand_squares
    from used
    group by material_number, is_seasonal, season

),

-- How much the months are off the mean of their season.
deviations as (

    select
        material_number,
        sqrt(
            greatest(sum(demand_squares - demand_units * demand_units / month_count), 0e0)
            / nullif(sum(month_count) - count(*), 0)
        ) as deviation_units
    from seasons
    group by material_number

),

means as (

    select
        material_number,
        cast(sum(demand_units) as {{ double }}) / count(*) as mean_units,
        cast(sum(case when is_recent then demand_units end) as {{ double }})
        / sum(case when is_recent then 1 else 0 end) as recent_mean_units
    from used
    group by material_number

),

-- What the last twelve months are to all of them, at most twice and at least half.
levels as (

    select
        material_number,
        case
            when mean_units > 0 then least(greatest(recent_mean_units / mean_units, 0.5e0), 2e0)
            else 1e0
        end as level_ratio
    from means

),

starting as (

    select
        policies.material_number,
        policies.material_description,
        policies.month_start,
        policies.snapshot_date,
        policies.safety_stock,
        policies.order_quantity,
        positions.on_hand_units
    from policies
    inner join positions
        on
            policies.material_number = positions.material_number
            and policies.snapshot_date = positions.snapshot_date
    where policies.snapshot_date = {{ as_of_date('inventory') }}

),

dated as (

    select
        starting.material_number,
        starting.material_description,
        starting.snapshot_date,
        starting.safety_stock,
        starting.order_quantity,
        starting.on_hand_units,
        horizon.month_number,
        {{ add_months('starting.month_start', 'horizon.month_number') }} as month_start
    from starting
    cross join horizon

),

months_ahead as (

    select
        *,
        extract(month from month_start) as calendar_month
    from dated

),

-- Of the month that still runs, the days that are left.
expected as (

    select
        months_ahead.*,
        seasons.is_seasonal,
        deviations.deviation_units,
        seasons.demand_units / seasons.month_count * levels.level_ratio
        * case
            when months_ahead.month_number > 0 then 1e0
            else cast(
                {{ days_between(
                    'months_ahead.snapshot_date', last_day_of_month('months_ahead.snapshot_date')) }}
                as {{ double }}
            ) / extract(day from {{ last_day_of_month('months_ahead.snapshot_date') }})
        end as month_demand
    from months_ahead
    inner join seasons
        on
            months_ahead.material_number = seasons.material_number
            and seasons.season = case
                when seasons.is_seasonal then months_ahead.calendar_month else 0
            end
    inner join deviations
        on months_ahead.material_number = deviations.material_number
    inner join levels
        on months_ahead.material_number = levels.material_number

),

rounded as (

    select
        *,
        {{ to_scale('month_demand', 2) }} as projected_demand,
        -- No demand is below 0; greatest() would make a 0 of what is unknown.
        {{ to_scale(
            'case when month_demand > 1.96e0 * deviation_units then month_demand - 1.96e0 * '
            ~ 'deviation_units when deviation_units is not null then 0e0 end', 2) }}
            as projected_demand_low,
        {{ to_scale('month_demand + 1.96e0 * deviation_units', 2) }} as projected_demand_high
    from expected

),

accumulated as (

    select
        *,
        sum(projected_demand) over (
            partition by material_number
            order by month_number
            rows between unbounded preceding and current row
        ) as demand_so_far
    from rounded

),

needed as (

    select
        *,
        greatest(cast(demand_so_far + safety_stock - on_hand_units as {{ double }}), 0e0)
            as needed_units,
        on_hand_units is null or order_quantity is null as is_order_unknown
    from accumulated

),

-- Lots enough to cover what is needed so far, in whole ones: no recursion.
ordered as (

    select
        *,
        {{ to_scale(
            'case when is_order_unknown then null when order_quantity = 0 then needed_units else '
            ~ 'ceil(needed_units / cast(order_quantity as ' ~ double ~ ')) * cast(order_quantity as '
            ~ double ~ ') end', 2) }} as projected_orders
    from needed

),

placed as (

    select
        *,
        projected_orders - lag(projected_orders, 1, 0) over (
            partition by material_number
            order by month_number
        ) as month_orders
    from ordered
    where month_number > 0

),

final as (

    select
        material_number,
        material_description,
        cast(month_number as integer) as month_number,
        month_start,
        {{ last_day_of_month('month_start') }} as projection_date,
        projected_demand,
        cast(on_hand_units + projected_orders - demand_so_far as numeric(20, 2))
            as projected_inventory_level,
        projected_orders,
        cast(month_orders as numeric(20, 2)) as projected_orders_of_month,
        projected_demand_low,
        projected_demand_high,
        {{ json_amounts({'low': 'projected_demand_low', 'high': 'projected_demand_high'}) }}
            as confidence_interval,
        is_seasonal,
        snapshot_date as calculation_date
    from placed

)

select * from final
