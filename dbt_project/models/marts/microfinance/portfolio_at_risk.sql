with statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

measures as (

    select
        month_start,
        snapshot_date,
        loan_product,
        branch_name,
        ageing_bucket,
        is_complete_period,
        {{ portfolio_measures() }},
        cast(count(distinct customer_id) as bigint) as borrower_count,
        {{ money('sum(provision_amount)') }} as provision_amount
    from statuses
    where is_active
    group by
        month_start, snapshot_date, loan_product, branch_name, ageing_bucket, is_complete_period

),

totals as (

    select
        month_start,
        sum(gross_portfolio_amount) as total_portfolio_amount,
        max(case when is_complete_period then month_start end) over () as last_complete_month
    from measures
    group by month_start, is_complete_period

),

final as (

    select
        measures.month_start,
        measures.snapshot_date,
        measures.loan_product,
        measures.branch_name,
        measures.ageing_bucket,
        measures.active_loan_count as loan_count,
        measures.borrower_count,
        measures.gross_portfolio_amount as outstanding_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        measures.par_1_amount,
        measures.par_7_amount,
        measures.par_30_amount,
        measures.par_60_amount,
        measures.par_90_amount,
        measures.par_30_with_restructured_amount,
        measures.restructured_amount,
        measures.npl_amount,
        measures.provision_amount,
        {{ ratio('measures.gross_portfolio_amount', 'totals.total_portfolio_amount') }}
            as portfolio_share,
        measures.is_complete_period,
        measures.is_complete_period
        and measures.month_start = totals.last_complete_month as is_last_complete_period
    from measures
    inner join totals
        on measures.month_start = totals.month_start

)

select * from final
