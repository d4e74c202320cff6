with assessments as (

    select * from {{ ref('stg_bnpl__credit_assessments') }}

),

score_bands as (

    select * from {{ ref('credit_score_bands') }}

),

bands as (

    select
        score_band,
        from_score,
        lead(from_score) over (order by from_score) as next_from_score
    from score_bands

),

until_as_of as (

    select
        assessments.*,
        bands.score_band,
        assessments.decision in ('APPROVED', 'DECLINED') as is_decided
    from assessments
    inner join bands
        on
            assessments.score >= bands.from_score
            and (bands.next_from_score is null or assessments.score < bands.next_from_score)
    where assessments.assessed_date <= {{ as_of_date('bnpl') }}

),

-- Of two assessments of the same moment the one with the greater id is the later one.
ordered as (

    select
        *,
        lead(assessed_date) over (
            partition by customer_id order by assessed_at, credit_assessment_id
        ) as next_assessed_date,
        lead(assessed_date) over (
            partition by customer_id, is_decided order by assessed_at, credit_assessment_id
        ) as next_of_its_kind_date,
        row_number() over (
            partition by customer_id order by assessed_at desc, credit_assessment_id desc
        ) as recency_rank,
        row_number() over (
            partition by customer_id, is_decided
            order by assessed_at desc, credit_assessment_id desc
        ) as recency_rank_of_its_kind
    from until_as_of

),

final as (

    select
        credit_assessment_id,
        customer_id,
        order_id,
        decision,
        score_band,
        score,
        approved_limit_amount,
        is_decided,
        recency_rank = 1 as is_current,
        is_decided and recency_rank_of_its_kind = 1 as is_current_limit,
        assessed_date,
        next_assessed_date,
        case when is_decided then next_of_its_kind_date end as next_decided_date
    from ordered

)

select * from final
