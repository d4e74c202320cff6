{#- The provisioning classes that a domain's loans are sorted into: those of its jurisdiction (setting
    loan_jurisdiction of var domains), with the days on which they are in force. -#}
{% macro loan_classes_of(domain) -%}
    select
        loan_class,
        from_days_past_due,
        provision_rate,
        valid_from,
        valid_to
    from {{ ref('loan_classifications') }}
    where jurisdiction = '{{ var("domains")[domain]["loan_jurisdiction"] }}'
{%- endmacro %}
