with statuses as (

    select * from {{ ref('int_bnpl_plan_status_by_month_end') }}

),

measures as (

    select
        activated_month,
        plan_type,
        months_on_book,
        month_start,
        is_complete_period,
        {{ delinquency_measures() }},
        cast(count(*) as bigint) as plan_count,
        cast(count(distinct customer_id) as bigint) as customer_count,
        {{ count_where('has_ever_been_30_plus') }} as ever_30_plus_plan_count,
        {{ money('sum(principal_amount)') }} as activated_amount,
        {{ money('sum(case when has_ever_been_30_plus then principal_amount end)') }}
            as ever_30_plus_amount,
        {{ money('sum(written_off_amount)') }} as written_off_amount,
        {{ money('sum(recovered_amount)') }} as recovered_amount
    from statuses
    group by activated_month, plan_type, months_on_book, month_start, is_complete_period

),

final as (

    select
        activated_month,
        plan_type,
        months_on_book,
        month_start,
        plan_count,
        customer_count,
        active_plan_count,
        ever_30_plus_plan_count,
        activated_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        outstanding_amount,
        delinquent_30_plus_amount,
        ever_30_plus_amount,
        default_amount,
        written_off_amount,
        recovered_amount,
        {{ money('written_off_amount - recovered_amount') }} as loss_amount,
        {{ ratio('ever_30_plus_amount', 'activated_amount') }} as ever_30_plus_share,
        {{ ratio('default_amount', 'activated_amount') }} as default_rate,
        {{ ratio('(written_off_amount - recovered_amount)', 'activated_amount') }} as loss_rate,
        is_complete_period
    from measures

)

select * from final
