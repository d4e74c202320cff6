{#- Whether the cases of a period are known: none of them is undecided, or var wallet_fraud_maturity_days
    have passed since the period's last day. -#}
{% macro is_mature(undecided_count, last_day, domain) -%}
    coalesce({{ undecided_count }}, 0) = 0
    or {{ add_days(last_day, var('wallet_fraud_maturity_days')) }} <= {{ as_of_date(domain) }}
{%- endmacro %}
