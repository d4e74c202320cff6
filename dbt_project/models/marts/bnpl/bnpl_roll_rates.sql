with statuses as (

    select * from {{ ref('int_bnpl_plan_status_by_month_end') }}

),

{{ roll_rates('statuses', 'delinquency_bucket', 'plan_count', split_by=['plan_type'],
    person='customer_id') }},

final as (

    select
        month_start,
        plan_type,
        from_bucket,
        to_bucket,
        plan_count,
        customer_count,
        rolled_amount,
        from_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        roll_rate,
        is_complete_period
    from rolls

)

select * from final
