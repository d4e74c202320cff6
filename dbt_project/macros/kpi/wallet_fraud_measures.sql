{#- Fraud of a period, unknown where no case was ever written: columns of the relations
    transaction_measures (see wallet_transaction_measures) and evidence (has_fraud_cases). -#}
{% macro wallet_fraud_measures() -%}
    {%- set measures = {
        'fraud_transaction_count': 'bigint',
        'fraud_suspected_transaction_count': 'bigint',
        'fraud_amount': 'numeric(20, 2)',
    } -%}
    {%- for measure, type in measures.items() -%}
        {{ where_known(
            'evidence.has_fraud_cases',
            'coalesce(transaction_measures.' ~ measure ~ ', 0)',
            type
        ) }} as {{ measure }}
        {%- if not loop.last %},
        {% endif %}
    {%- endfor -%}
{%- endmacro %}
