{#- As dbt's own, but for tokens: whom `finhouse purge` has anonymised is in no other table.
    to: the model that is pointed to; field: its key. -#}
{% test relationships(model, column_name, to, field) %}

with child as (

    select {{ column_name }} as from_field
    from {{ model }}
    where {{ column_name }} is not null

),

parent as (

    select {{ field }} as to_field
    from {{ to }}

)

select child.from_field
from child
left join parent
    on child.from_field = parent.to_field
where
    parent.to_field is null
    and not {{ is_anonymised('child.from_field') }}

{% endtest %}
