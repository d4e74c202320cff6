{#- Everybody who signed up by the as-of date has exactly one row in the model, and nobody else
    has any: no inner join may drop people who did nothing, as every denominator counts them. Fails
    for each person who is lost, doubled or unknown.
    column_name: who a row is about.
    everybody: the staging model of all people, with the same key and signup_date.
    domain: whose as-of date counts. -#}
{% test holds_everybody(model, column_name, everybody, domain) %}

with people as (

    select * from {{ everybody }}

),

mart as (

    select * from {{ model }}

),

expected as (

    select {{ column_name }}
    from people
    where signup_date <= {{ as_of_date(domain) }}

),

present as (

    select
        {{ column_name }},
        count(*) as row_count
    from mart
    group by {{ column_name }}

)

select
    coalesce(expected.{{ column_name }}, present.{{ column_name }}) as {{ column_name }},
    present.row_count
from expected
full outer join present
    on expected.{{ column_name }} = present.{{ column_name }}
where
    expected.{{ column_name }} is null
    or present.row_count is null
    or present.row_count <> 1

{% endtest %}
