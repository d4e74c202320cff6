{#- Fails for each row dated after the as-of date of a domain: a run for a past day must not use
    what happened later. Nulls pass. -#}
{% test no_future_rows(model, column_name, domain) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} > {{ as_of_date(domain) }}

{% endtest %}
