with loans as (

    select * from {{ ref('int_loans_enriched') }}

),

products as (

    select * from {{ ref('stg_microfinance__loan_products') }}

),

months as (

    select * from {{ ref('int_microfinance_month_ends') }}

),

disbursed as (

    select
        disbursed_month,
        loan_product,
        cast(count(*) as bigint) as loan_count,
        cast(count(distinct customer_id) as bigint) as borrower_count,
        sum(disbursed_amount) as disbursed_amount
    from loans
    group by disbursed_month, loan_product

),

all_months as (

    select
        months.month_start,
        months.is_complete_period,
        products.loan_product,
        products.loan_product_name,
        coalesce(disbursed.loan_count, 0) as loan_count,
        coalesce(disbursed.borrower_count, 0) as borrower_count,
        {{ money('disbursed.disbursed_amount') }} as disbursed_amount
    from months
    cross join products
    left join disbursed
        on
            months.month_start = disbursed.disbursed_month
            and products.loan_product = disbursed.loan_product

),

compared as (

    select
        *,
        lag(disbursed_amount) over (
            partition by loan_product order by month_start
        ) as previous_disbursed_amount
    from all_months

),

-- A running month is not compared with a whole one.
whole_months as (

    select
        *,
        case when is_complete_period then previous_disbursed_amount end
            as complete_previous_disbursed_amount
    from compared

),

final as (

    select
        month_start,
        loan_product,
        loan_product_name,
        loan_count,
        borrower_count,
        disbursed_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        {{ ratio('disbursed_amount', 'loan_count') }} as avg_disbursement_amount,
        previous_disbursed_amount,
        {{ ratio(
            '(disbursed_amount - complete_previous_disbursed_amount)',
            'complete_previous_disbursed_amount') }} as disbursement_growth_rate,
        is_complete_period
    from whole_months

)

select * from final
