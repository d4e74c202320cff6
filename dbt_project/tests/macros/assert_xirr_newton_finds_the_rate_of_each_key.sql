-- xirr_newton(): rates that can be worked out by hand, to nine decimals, each found beside the
-- others; null where there is no rate.
with flows as (

    select
        'ten_percent_over_two_years' as flow_key,
        cast(0 as {{ type_double() }}) as flow_time,
        cast(-1000 as numeric(20, 2)) as flow_amount
    union all
    select 'ten_percent_over_two_years', 2, 1210
    union all
    -- In halves of a year: 5 % each, compounded.
    select 'half_years', 0, -100
    union all
    select 'half_years', 0.5e0, 5
    union all
    select 'half_years', 1, 105
    union all
    select 'nothing_earned', 0, -75
    union all
    select 'nothing_earned', 0.1e0, 50
    union all
    select 'nothing_earned', 0.2e0, 25
    union all
    select 'a_fifth_lost', 0, -100
    union all
    select 'a_fifth_lost', 1, 80
    union all
    -- As a fee on a small purchase: 2 to the 12th power, less 1.
    select 'dear', 0, -50
    union all
    select 'dear', cast(1 as {{ type_double() }}) / 12, 100
    union all
    -- A rate of -68 % is too far from 0 for six steps: null, and not one that is wrong.
    select 'nearly_all_lost', 0, -100
    union all
    select 'nearly_all_lost', 2, 10
    union all
    select 'never_repaid', 0, -100
    union all
    select 'repaid_at_once', 0, -100
    union all
    select 'repaid_at_once', 0, 100
    union all
    -- Nothing was ever paid out.
    select 'received_twice', 0, 100
    union all
    select 'received_twice', 1, 100

),

{{ xirr_newton('flows', 'flow_key') }},

expected_rates as (

    select
        'ten_percent_over_two_years' as flow_key,
        0.1e0 as rate
    union all
    select 'half_years', 0.1025e0
    union all
    select 'nothing_earned', 0
    union all
    select 'a_fifth_lost', -0.2e0
    union all
    select 'dear', 4095
    union all
    select 'nearly_all_lost', null
    union all
    select 'never_repaid', null
    union all
    select 'repaid_at_once', null
    union all
    select 'received_twice', null

)

select
    expected_rates.flow_key,
    expected_rates.rate as expected_rate,
    xirr_rates.rate
from expected_rates
left join xirr_rates
    on expected_rates.flow_key = xirr_rates.flow_key
where
    abs(xirr_rates.rate - expected_rates.rate) > 1e-9
    or (xirr_rates.rate is null) <> (expected_rates.rate is null)
