{#- The day each instalment was covered, first in, first out: the day on which all that was paid
    under its schedule reaches all that fell due up to it. A relation (installment_id,
    covered_date) of the instalments that are covered.

    installments: relation with installment_id, cumulative_due_amount and the columns of the key.
    running_payments: relation with payment_date, cumulative_paid_amount and the columns of the key.
    schedule_key: columns that name a schedule; a payment counts for one schedule alone. -#}
{% macro covered_dates(installments, running_payments, schedule_key) -%}
    select
        {{ installments }}.installment_id,
        min({{ running_payments }}.payment_date) as covered_date
    from {{ installments }}
    inner join {{ running_payments }}
        on
            {% for column in schedule_key -%}
            {{ installments }}.{{ column }} = {{ running_payments }}.{{ column }}
            and {% endfor -%}
            {{ installments }}.cumulative_due_amount <= {{ running_payments }}.cumulative_paid_amount
    group by {{ installments }}.installment_id
{%- endmacro %}
