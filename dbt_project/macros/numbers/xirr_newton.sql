{#- The rate that makes the flows of each key worth nothing today: per year, where their times are
    in years (XIRR, actual / 365: days / 365), per month, where they are in months. -1000 at 0 and
    1210 at 2 -> 0.1. CTEs for a model, the last of them named by `name`:

    select * from <name> has one row a key: the key, and rate, a double; null where there is none
    to be found.

    Six Newton steps from a rate of 0, each a sum over the flows, and no recursion. They look for
    the logarithm of 1 + rate: in it the present value of a loan is convex, so that no step goes too
    far, and six are enough for 200 % a year over two years, and for more over less. A last step of
    more than 1e-5 has found nothing; with less, the rate is exact to 1e-9, as the next step would be
    its square.

    flows: relation with the key, flow_time and flow_amount (paid out below 0, received above).
    key: column that names the flows that belong together. -#}
{% macro xirr_newton(flows, key, name='xirr_rates') -%}
{#- Clamped, as the exponential of more is an overflow, which Postgres takes for an error. -#}
{%- set growth = 'exp(least(greatest(-steps.log_growth * flows.flow_time, -300e0), 300e0))' -%}
{%- set amount = 'cast(flows.flow_amount as ' ~ type_double() ~ ')' -%}
{%- for step in range(1, 7) -%}
{%- set join_steps = 'inner join ' ~ name ~ '_step_' ~ (step - 1) ~ ' as steps on flows.' ~ key
    ~ ' = steps.' ~ key -%}
{%- set present_value = amount if loop.first else amount ~ ' * ' ~ growth %}
{{ name }}_correction_{{ step }} as (

    select
        flows.{{ key }},
        {{ '0e0' if loop.first else 'max(steps.log_growth)' }} as log_growth,
        sum({{ present_value }}) / nullif(sum(flows.flow_time * {{ present_value }}), 0)
            as correction
    from {{ flows }} as flows
    {{ join_steps if not loop.first }}
    group by flows.{{ key }}

),

{{ name }}_step_{{ step }} as (

    select
        {{ key }},
        correction,
        least(greatest(log_growth + correction, -20e0), 20e0) as log_growth
    from {{ name }}_correction_{{ step }}

),
{% endfor %}
{{ name }} as (

    select
        {{ key }},
        case when abs(correction) < 1e-5 then exp(log_growth) - 1e0 end as rate
    from {{ name }}_step_6

)
{%- endmacro %}
