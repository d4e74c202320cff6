with statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

measures as (

    select
        disbursed_month,
        months_on_book,
        month_start,
        is_complete_period,
        {{ microfinance_portfolio_measures() }},
        cast(count(*) as bigint) as loan_count,
        {{ count_where('has_ever_been_par_30') }} as ever_par_30_loan_count,
        {{ money('sum(disbursed_amount)') }} as disbursed_amount,
        {{ money('sum(case when has_ever_been_par_30 then disbursed_amount end)') }}
            as ever_par_30_amount,
        {{ money('sum(written_off_amount)') }} as written_off_amount
    from statuses
    group by disbursed_month, months_on_book, month_start, is_complete_period

),

final as (

    select
        disbursed_month,
        months_on_book,
        month_start,
        loan_count,
        ever_par_30_loan_count,
        disbursed_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        ever_par_30_amount,
        gross_portfolio_amount as outstanding_amount,
        par_30_amount,
        written_off_amount,
        {{ ratio('ever_par_30_amount', 'disbursed_amount') }} as ever_par_30_share,
        {{ kpi_ratio(microfinance_kpis(), 'par_30') }} as par_30,
        {{ ratio('written_off_amount', 'disbursed_amount') }} as written_off_share,
        is_complete_period
    from measures

)

select * from final
