with users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

marketing_spend as (

    select * from {{ ref('stg_wallet__marketing_spend') }}

),

metrics as (

    select * from {{ ref('int_wallet_metrics_monthly') }}

),

months as (

    select
        month_start,
        is_complete_period,
        {{ kpi_complete(wallet_kpis(), 'activation_rate') }} as is_activation_complete
    from metrics

),

signups as (

    select
        cohort_month,
        signup_source,
        cast(count(*) as bigint) as new_user_count,
        {{ count_where('is_activation_due') }} as activation_due_user_count,
        {{ count_where('is_activated') }} as activated_user_count
    from users
    group by cohort_month, signup_source

),

spend as (

    select
        {{ month_start('spend_date') }} as spend_month,
        coalesce(signup_source, 'unknown') as signup_source,
        {{ money('sum(spend_amount)') }} as marketing_spend_amount
    from marketing_spend
    where spend_date <= {{ as_of_date('wallet') }}
    group by {{ month_start('spend_date') }}, coalesce(signup_source, 'unknown')

),

sources as (

    select signup_source
    from signups

    union

    select signup_source
    from spend

),

-- What no table has ever had a row of is not known.
evidence as (

    select count(*) > 0 as has_spend
    from marketing_spend

),

final as (

    select
        months.month_start,
        sources.signup_source,
        months.is_complete_period,
        coalesce(signups.new_user_count, 0) as new_user_count,
        coalesce(signups.activation_due_user_count, 0) as activation_due_user_count,
        coalesce(signups.activated_user_count, 0) as activated_user_count,
        {{ kpi_ratio(wallet_kpis(), 'activation_rate', 'signups') }}
            as activation_rate,
        {{ where_known(
            'evidence.has_spend', 'coalesce(spend.marketing_spend_amount, 0)', 'numeric(20, 2)'
        ) }} as marketing_spend_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        {{ where_known(
            'evidence.has_spend',
            ratio('coalesce(spend.marketing_spend_amount, 0)', 'signups.new_user_count'),
            'numeric(26, 8)'
        ) }} as cac,
        months.is_activation_complete
    from months
    cross join sources
    cross join evidence
    left join signups
        on
            months.month_start = signups.cohort_month
            and sources.signup_source = signups.signup_source
    left join spend
        on
            months.month_start = spend.spend_month
            and sources.signup_source = spend.signup_source

)

select * from final
