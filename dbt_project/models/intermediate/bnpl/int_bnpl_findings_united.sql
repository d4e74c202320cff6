{{ config(materialized='table') }}

with of_plans as (

    select * from {{ ref('int_bnpl_plan_findings') }}

),

of_audit as (

    select * from {{ ref('int_bnpl_audit_findings') }}

),

of_hashes as (

    select * from {{ ref('int_bnpl_audit_hash_findings') }}

),

of_money as (

    select * from {{ ref('int_bnpl_money_findings') }}

),

united as (

    select
        rule,
        entity,
        entity_key,
        amount,
        found_on
    from of_plans
    union all
    select
        rule,
        entity,
        entity_key,
        amount,
        found_on
    from of_audit
    union all
    select
        rule,
        entity,
        entity_key,
        amount,
        found_on
    from of_hashes
    union all
    select
        rule,
        entity,
        entity_key,
        amount,
        found_on
    from of_money

),

final as (

    select
        *,
        {{ month_start('found_on') }} as month_start
    from united

)

select * from final
