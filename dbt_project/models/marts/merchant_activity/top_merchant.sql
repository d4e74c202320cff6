with activities as (

    select * from {{ ref('int_merchant_activities_cleaned') }}

),

totals as (

    select
        merchant_id,
        cast(count(*) as bigint) as success_count,
        {{ money('sum(amount)') }} as total_amount
    from activities
    where
        is_success
        and merchant_id is not null
    group by merchant_id

),

ranked as (

    select
        *,
        row_number() over (order by total_amount desc, merchant_id asc) as merchant_rank
    from totals

),

-- Every merchant, ranked: the top merchant is rank 1.
final as (

    select
        merchant_id,
        cast(merchant_rank as integer) as merchant_rank,
        success_count,
        total_amount,
        '{{ currency_of("merchant_activity") }}' as currency_code
    from ranked

)

select * from final
