with investments as (

    select * from {{ ref('int_investments_by_month_end') }}

),

final as (

    select
        month_start,
        snapshot_date,
        investment_product,
        investment_product_name,
        held_count,
        investor_count,
        aum_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        expected_return_amount,
        {{ ratio('expected_return_amount', 'aum_amount') }} as roi,
        {{ ratio('weighted_annualised_roi', 'aum_amount') }} as annualised_roi,
        started_count,
        started_amount,
        closed_count,
        returned_amount,
        earnings_paid_amount,
        is_complete_period
    from investments

)

select * from final
