with assessments as (

    select * from {{ ref('int_bnpl_assessments_in_force') }}

),

statuses as (

    select * from {{ ref('int_bnpl_plan_status_by_month_end') }}

),

month_ends as (

    select * from {{ ref('int_bnpl_month_ends') }}

),

score_bands as (

    select * from {{ ref('credit_score_bands') }}

),

bands as (

    select
        score_band,
        from_score
    from score_bands

    union all

    select
        'UNSCORED' as score_band,
        0 as from_score

),

assessed as (

    select
        {{ month_start('assessed_date') }} as month_start,
        score_band,
        cast(count(*) as bigint) as assessment_count,
        {{ count_where("decision = 'APPROVED'") }} as approved_assessment_count,
        {{ count_where("decision = 'DECLINED'") }} as declined_assessment_count,
        {{ count_where("decision = 'REFERRED'") }} as referred_assessment_count,
        {{ count_where('is_decided') }} as decided_assessment_count,
        sum(approved_limit_amount) as approved_limit_amount
    from assessments
    group by {{ month_start('assessed_date') }}, score_band

),

-- By the score on which the credit was given: today's score knows how it went.
given as (

    select
        month_start,
        score_band,
        {{ delinquency_measures() }},
        sum(principal_amount) as activated_to_date_amount,
        {{ money('sum(case when activated_month = month_start then principal_amount end)') }}
            as activated_amount,
        {{ count_where('activated_month = month_start') }} as activated_plan_count,
        sum(written_off_amount) as written_off_to_date_amount,
        sum(recovered_amount) as recovered_to_date_amount
    from statuses
    where plan_type <> 'PAY_IN_FULL'
    group by month_start, score_band

),

joined as (

    select
        month_ends.month_start,
        bands.score_band,
        bands.from_score,
        {%- for counted in [
            'assessed.assessment_count', 'assessed.approved_assessment_count',
            'assessed.declined_assessment_count', 'assessed.referred_assessment_count',
            'assessed.decided_assessment_count', 'given.activated_plan_count',
            'given.active_plan_count', 'given.active_customer_count',
        ] %}
        coalesce({{ counted }}, 0) as {{ counted.split('.')[1] }},
        {%- endfor %}
        {%- for amount in [
            'assessed.approved_limit_amount', 'given.activated_amount',
            'given.activated_to_date_amount', 'given.outstanding_amount',
            'given.delinquent_1_plus_amount', 'given.delinquent_30_plus_amount',
            'given.delinquent_90_plus_amount', 'given.default_amount',
            'given.written_off_to_date_amount', 'given.recovered_to_date_amount',
        ] %}
        {{ money(amount) }} as {{ amount.split('.')[1] }},
        {%- endfor %}
        month_ends.is_complete_period
    from month_ends
    cross join bands
    left join assessed
        on
            month_ends.month_start = assessed.month_start
            and bands.score_band = assessed.score_band
    left join given
        on
            month_ends.month_start = given.month_start
            and bands.score_band = given.score_band

),

final as (

    select
        month_start,
        score_band,
        from_score,
        assessment_count,
        approved_assessment_count,
        declined_assessment_count,
        referred_assessment_count,
        decided_assessment_count,
        activated_plan_count,
        active_plan_count,
        active_customer_count as customer_count,
        approved_limit_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        activated_amount,
        activated_to_date_amount,
        outstanding_amount,
        delinquent_1_plus_amount,
        delinquent_30_plus_amount,
        delinquent_90_plus_amount,
        default_amount,
        written_off_to_date_amount,
        recovered_to_date_amount,
        {{ kpi_ratio(bnpl_credit_kpis(), 'bnpl_approval_rate') }} as approval_rate,
        {{ kpi_ratio(bnpl_credit_kpis(), 'bnpl_delinquency_30_plus') }} as delinquency_30_plus,
        {{ ratio('default_amount', 'activated_to_date_amount') }} as default_rate,
        {{ ratio('(written_off_to_date_amount - recovered_to_date_amount)',
            'activated_to_date_amount') }} as loss_rate,
        is_complete_period,
        is_complete_period and month_start = max(
            case when is_complete_period then month_start end
        ) over () as is_last_complete_period
    from joined

)

select * from final
