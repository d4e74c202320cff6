{#- The ageing bucket of a loan: WRITTEN_OFF, PAID_OFF, CURRENT, or its days past due as 1-30,
    31-60, 61-90, 91-180 or OVER_180.

    is_written_off, is_active, days_past_due: columns or expressions. -#}
{% macro ageing_bucket(
    is_written_off='is_written_off', is_active='is_active', days_past_due='days_past_due'
) -%}
    case
            when {{ is_written_off }} then 'WRITTEN_OFF'
            when not {{ is_active }} then 'PAID_OFF'
            when {{ days_past_due }} = 0 then 'CURRENT'
            {%- for from_days, to_days in [(1, 30), (31, 60), (61, 90), (91, 180)] %}
            when {{ days_past_due }} <= {{ to_days }} then '{{ from_days }}-{{ to_days }}'
            {%- endfor %}
            else 'OVER_180'
        end
{%- endmacro %}
