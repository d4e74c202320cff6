with findings as (

    select * from {{ ref('int_bnpl_findings_united') }}

),

final as (

    select
        rule,
        entity,
        entity_key,
        amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        found_on,
        month_start,
        {{ is_period_over('month', 'found_on', as_of_date('bnpl')) }} as is_complete_period
    from findings

)

select * from final
