{#- The wide form of a domain's months, the model, and the long one, kpi_monthly, agree. Fails
    for each KPI and month whose value differs or is missing.

    domain: the domain whose monthly KPIs are compared: all that the model has as a column, by the
    KPI's code or by the column of its entry in the registry. -#}
{% test agrees_with_kpi_monthly(model, domain) %}

with monthly_metrics as (

    select * from {{ model }}

),

kpi_monthly as (

    select * from {{ ref('kpi_monthly') }}

),

wide as (

    {% for kpi_code, column in finhouse.kpi_columns_of_model(model.identifier, domain).items() %}
    select
        '{{ kpi_code }}' as kpi_code,
        month_start,
        cast({{ column }} as numeric(26, 8)) as value
    from monthly_metrics
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    wide.kpi_code,
    wide.month_start,
    wide.value as wide_value,
    kpi_monthly.value as long_value
from wide
left join kpi_monthly
    on
        wide.kpi_code = kpi_monthly.kpi_code
        and wide.month_start = kpi_monthly.month_start
where
    kpi_monthly.kpi_code is null
    or coalesce(wide.value, -1e15) <> coalesce(kpi_monthly.value, -1e15)

{% endtest %}
