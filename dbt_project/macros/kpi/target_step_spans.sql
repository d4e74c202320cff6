{#- One row a step of a KPI's target: kpi_code, target, from_month_since_launch, and
    next_step_month, the first month in which it is not in force any more; null for the last. -#}
{% macro target_step_spans() -%}
    select
        kpi_code,
        target,
        from_month_since_launch,
        lead(from_month_since_launch) over (
            partition by kpi_code order by from_month_since_launch
        ) as next_step_month
    from (select * from {{ ref('kpi_target_steps') }}) as target_steps
{%- endmacro %}
