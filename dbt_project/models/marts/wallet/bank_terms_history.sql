{%- set terms = [
    'bank_name', 'partnership_status', 'monthly_fee_amount', 'transaction_fee_rate',
    'contract_start_date', 'contract_end_date',
] %}

with versions as (

    select * from {{ ref('bank_terms') }}

),

compared as (

    select
        *,
        lag(updated_at) over (partition by bank_code order by dbt_valid_from)
            as previous_updated_at,
        row_number() over (partition by bank_code order by dbt_valid_from) as seen_number,
        {%- for term in terms %}
        lag({{ term }}) over (partition by bank_code order by dbt_valid_from)
            as previous_{{ term }},
        {%- endfor %}
        max(dbt_valid_from) over (partition by bank_code) as last_valid_from
    from versions

),

-- The source says when it changed a row. Where it does not, the day of the build that saw it
-- counts.
dated as (

    select
        bank_code,
        seen_number,
        {%- for term in terms %}
        {{ term }},
        {%- endfor %}
        case
            when
                seen_number = 1
                and contract_start_date < {{ business_date('updated_at', 'wallet') }}
                then contract_start_date
            when seen_number = 1 or updated_at > previous_updated_at
                then {{ business_date('updated_at', 'wallet') }}
            else {{ business_date('dbt_valid_from', 'wallet') }}
        end as valid_from_date
    from compared
    where
        seen_number = 1
        {%- for term in terms %}
        or coalesce(cast({{ term }} as {{ dbt.type_string() }}), '')
        <> coalesce(cast(previous_{{ term }} as {{ dbt.type_string() }}), '')
        {%- endfor %}

),

ended as (

    select
        bank_code,
        max({{ business_date('dbt_valid_to', 'wallet') }}) as gone_date
    from compared
    where dbt_valid_from = last_valid_from
    group by bank_code

),

-- A clock that was put back begins no version before the one that was seen earlier.
begun as (

    select
        bank_code,
        seen_number,
        {%- for term in terms %}
        {{ term }},
        {%- endfor %}
        max(valid_from_date) over (
            partition by bank_code order by seen_number
            rows between unbounded preceding and current row
        ) as valid_from_date
    from dated

),

-- Of two versions of a day the later one is that of the day.
in_order as (

    select
        *,
        lead(valid_from_date) over (partition by bank_code order by seen_number) as next_from_date
    from begun
    where valid_from_date <= {{ as_of_date('wallet') }}

),

final as (

    select
        in_order.bank_code,
        cast(
            row_number() over (partition by in_order.bank_code order by in_order.seen_number)
            as bigint
        ) as version_number,
        in_order.valid_from_date,
        case
            when in_order.next_from_date is not null
                then {{ add_days('in_order.next_from_date', -1) }}
            when ended.gone_date <= in_order.valid_from_date then in_order.valid_from_date
            when ended.gone_date <= {{ as_of_date('wallet') }}
                then {{ add_days('ended.gone_date', -1) }}
        end as valid_to_date,
        {%- for term in terms %}
        in_order.{{ term }},
        {%- endfor %}
        '{{ currency_of("wallet") }}' as currency_code,
        in_order.next_from_date is null
        and coalesce(ended.gone_date > {{ as_of_date('wallet') }}, true) as is_current
    from in_order
    inner join ended
        on in_order.bank_code = ended.bank_code
    where in_order.next_from_date is null or in_order.next_from_date > in_order.valid_from_date

)

select * from final
