{#- The roll-rate matrix of loans or plans: by the balance at the month end before, the way of each
    bucket to those of this month end. CTEs for a model, the last of them `rolls`: the columns of
    the grain, from_bucket, to_bucket, the count, rolled_amount, from_amount, roll_rate and
    is_complete_period. Ways that none went are rows, too: over several months, rolled / from counts
    every month.

    statuses: relation with month_start, was_active, previous_outstanding_amount,
    previous_<bucket>, <bucket>, is_complete_period and the columns of `split_by`.
    bucket: column of the bucket.
    count_column: name of the count.
    split_by: columns each value of which has a matrix of its own, such as the product. -#}
{% macro roll_rates(statuses, bucket, count_column, split_by=[], person=none) -%}
{%- set keys = ['month_start'] + split_by %}
moves as (

    select
        {% for key in keys %}{{ key }},
        {% endfor -%}
        previous_{{ bucket }} as from_bucket,
        {{ bucket }} as to_bucket,
        is_complete_period,
        cast(count(*) as bigint) as {{ count_column }},
        {%- if person %}
        cast(count(distinct {{ person }}) as bigint) as customer_count,
        {%- endif %}
        {{ money('sum(previous_outstanding_amount)') }} as rolled_amount
    from {{ statuses }}
    where was_active
    group by {{ keys | join(', ') }}, previous_{{ bucket }}, {{ bucket }}, is_complete_period

),

origins as (

    select
        {% for key in keys %}{{ key }},
        {% endfor -%}
        from_bucket,
        is_complete_period,
        sum(rolled_amount) as from_amount
    from moves
    group by {{ keys | join(', ') }}, from_bucket, is_complete_period

),

destinations as (

    select distinct to_bucket from moves

),

rolls as (

    select
        {% for key in keys %}origins.{{ key }},
        {% endfor -%}
        origins.from_bucket,
        destinations.to_bucket,
        coalesce(moves.{{ count_column }}, 0) as {{ count_column }},
        {%- if person %}
        coalesce(moves.customer_count, 0) as customer_count,
        {%- endif %}
        {{ money('moves.rolled_amount') }} as rolled_amount,
        {{ money('origins.from_amount') }} as from_amount,
        {{ ratio('coalesce(moves.rolled_amount, 0)', 'origins.from_amount') }} as roll_rate,
        origins.is_complete_period
    from origins
    cross join destinations
    left join moves
        on
            {% for key in keys %}origins.{{ key }} = moves.{{ key }}
            and {% endfor %}origins.from_bucket = moves.from_bucket
            and destinations.to_bucket = moves.to_bucket

)
{%- endmacro %}
