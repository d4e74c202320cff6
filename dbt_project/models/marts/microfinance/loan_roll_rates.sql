with statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

{{ roll_rates('statuses', 'ageing_bucket', 'loan_count') }},

final as (

    select
        month_start,
        from_bucket,
        to_bucket,
        loan_count,
        rolled_amount,
        from_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        roll_rate,
        is_complete_period
    from rolls

)

select * from final
