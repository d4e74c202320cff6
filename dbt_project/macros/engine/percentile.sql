{#- The p-quantile of an expression, interpolated between ranks, as a double. Exact on every
    engine; not usable as a window. percentile('amount', 0.95). -#}
{% macro percentile(expression, p) -%}
    percentile_cont({{ p }}) within group (order by cast({{ expression }} as {{ type_double() }}))
{%- endmacro %}

{#- The median: percentile with p = 0.5. Of 1 and 2 it is 1.5. -#}
{% macro median(expression) -%}
    {{ percentile(expression, 0.5) }}
{%- endmacro %}
