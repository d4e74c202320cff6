{#- Fails for each row dated after the as-of date of a domain: no model speaks of days that a run
    does not speak for (kpis.md, rules for all). Nulls pass. -#}
{% test no_future_rows(model, column_name, domain) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} > {{ as_of_date(domain) }}

{% endtest %}
