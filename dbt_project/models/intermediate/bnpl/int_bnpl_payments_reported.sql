{%- set threshold = var('bnpl_aml_threshold_amount') -%}
with payments as (

    select * from {{ ref('int_bnpl_payments_deduplicated') }}

),

-- A charge-back takes the money back later; it was paid all the same.
settled as (

    select
        customer_id,
        settled_date,
        amount,
        amount >= {{ threshold }} * {{ var('bnpl_structuring_from_share') }}
        and amount <= {{ threshold }} as is_near_threshold
    from payments
    where settled_date <= {{ as_of_date('bnpl') }}

),

days as (

    select
        customer_id,
        settled_date,
        cast(count(*) as bigint) as payment_count,
        {{ count_where('is_near_threshold') }} as near_threshold_count,
        sum(amount) as paid_amount,
        sum(case when is_near_threshold then amount else 0 end) as near_threshold_amount
    from settled
    group by customer_id, settled_date

),

-- What was paid near the threshold on the day and on those before it.
windows as (

    select
        days.customer_id,
        days.settled_date,
        cast(sum(earlier_days.near_threshold_count) as bigint) as window_payment_count,
        sum(earlier_days.near_threshold_amount) as window_amount
    from days
    inner join days as earlier_days
        on
            days.customer_id = earlier_days.customer_id
            and days.settled_date >= earlier_days.settled_date
            and days.settled_date
            < {{ add_days('earlier_days.settled_date', var('bnpl_structuring_days')) }}
    where days.near_threshold_count > 0
    group by days.customer_id, days.settled_date

),

judged as (

    select
        days.customer_id,
        days.settled_date as paid_date,
        days.payment_count,
        days.paid_amount,
        coalesce(windows.window_payment_count, 0) as window_payment_count,
        windows.window_amount,
        days.paid_amount >= {{ threshold }} as is_large,
        coalesce(
            windows.window_payment_count >= {{ var('bnpl_structuring_payment_count') }}, false
        ) as is_structuring
    from days
    left join windows
        on
            days.customer_id = windows.customer_id
            and days.settled_date = windows.settled_date

),

final as (

    select
        customer_id,
        paid_date,
        {{ month_start('paid_date') }} as month_start,
        payment_count,
        {{ money('paid_amount') }} as paid_amount,
        window_payment_count,
        {{ money('window_amount') }} as window_amount,
        cast({{ threshold }} as numeric(20, 2)) as threshold_amount,
        is_large,
        is_structuring
    from judged
    where is_large or is_structuring

)

select * from final
