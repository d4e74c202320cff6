{%- set evidence = [] -%}
{%- for domain in domains() -%}
    {%- for kpi in context[domain ~ '_kpis']() -%}
        {%- for table in kpi.evidence | default([]) -%}
            {%- do evidence.append((domain, kpi.code, table)) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endfor -%}
with kpi_tables as (

    {% for domain, code, table in evidence | unique %}
    select
        '{{ code }}' as kpi_code,
        '{{ table }}' as table_name,
        (select count(*) from {{ ref('stg_' ~ domain ~ '__' ~ table) }}) as row_count
    {{ 'union all' if not loop.last }}
    {% else %}
    select
        cast(null as {{ dbt.type_string() }}) as kpi_code,
        cast(null as {{ dbt.type_string() }}) as table_name,
        1 as row_count
    {% endfor %}

),

final as (

    select
        kpi_code,
        min(table_name) as missing_table
    from kpi_tables
    where row_count = 0
    group by kpi_code

)

select * from final
