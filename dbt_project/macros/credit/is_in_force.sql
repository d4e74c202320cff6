{#- Whether a row with valid_from and valid_to, both of them open where null, is in force on a day. -#}
{% macro is_in_force(relation, day) -%}
    ({{ relation }}.valid_from is null or {{ relation }}.valid_from <= {{ day }})
            and ({{ relation }}.valid_to is null or {{ relation }}.valid_to >= {{ day }})
{%- endmacro %}
