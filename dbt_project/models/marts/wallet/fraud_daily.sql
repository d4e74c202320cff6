with metrics as (

    select * from {{ ref('int_wallet_metrics_daily') }}

),

monthly_metrics as (

    select * from {{ ref('int_wallet_metrics_monthly') }}

),

fraud_months as (

    select
        month_start,
        {{ kpi_complete(wallet_kpis(), 'fraud_rate') }} as is_complete_month
    from monthly_metrics

),

transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

cases as (

    select
        transaction_date,
        {{ count_where('fraud_case_count > 0') }} as reported_transaction_count,
        {{ count_where('is_sentinel_flagged') }} as flagged_transaction_count,
        {{ money('sum(fraud_loss_amount)') }} as fraud_loss_amount
    from transactions
    group by transaction_date

),

final as (

    select
        metrics.date_day as fraud_date,
        metrics.transaction_count,
        coalesce(cases.reported_transaction_count, 0) as reported_transaction_count,
        coalesce(cases.flagged_transaction_count, 0) as flagged_transaction_count,
        metrics.fraud_transaction_count,
        metrics.fraud_rate,
        metrics.transaction_amount,
        metrics.fraud_amount,
        metrics.fraud_value_rate,
        coalesce(cases.fraud_loss_amount, 0) as fraud_loss_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        metrics.is_fraud_complete,
        fraud_months.is_complete_month
    from metrics
    inner join fraud_months
        on {{ month_start('metrics.date_day') }} = fraud_months.month_start
    left join cases
        on metrics.date_day = cases.transaction_date

)

select * from final
