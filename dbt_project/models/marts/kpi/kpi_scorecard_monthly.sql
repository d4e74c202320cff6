with kpi_values as (

    select * from {{ ref('kpi_monthly') }}

),

catalogue as (

    select * from {{ ref('kpi_catalogue') }}

),

compared as (

    select
        kpi_values.*,
        -- A running period is not compared with a whole one.
        case
            when kpi_values.is_complete_period
                then lag(kpi_values.value) over (
                    partition by kpi_values.kpi_code order by kpi_values.month_start
                )
        end as previous_value,
        case when kpi_values.is_complete_period then kpi_values.value_last_year end as last_year
    from kpi_values

),

final as (

    select
        compared.kpi_code,
        compared.month_start,
        catalogue.kpi_name,
        compared.domain,
        catalogue.owner,
        catalogue.unit,
        catalogue.direction,
        catalogue.display_order,
        compared.is_complete_period,
        compared.value,
        compared.previous_value,
        {{ ratio(
            '(compared.value - compared.previous_value)',
            'abs(compared.previous_value)') }} as change_rate,
        compared.currency_code,
        compared.target,
        compared.target_status,
        compared.target is not null as has_target,
        {{ kpi_value_text('compared.value', 'catalogue.unit', 'compared.currency_code') }}
            as value_text,
        case
            when compared.target is not null
                then {{ dbt.concat([
                    'catalogue.target_operator',
                    "' '",
                    kpi_value_text(
                        'compared.target', 'catalogue.unit', 'compared.currency_code')
                ]) }}
            else ''
        end as target_text,
        case
            when compared.missing_file_count > 0 then 'Files missing'
            when compared.target_status = 'met' then 'Met'
            when compared.target_status = 'missed' then 'Missed'
            when compared.target_status = 'running' then 'Running'
            when compared.target_status = 'no_data' then 'No data'
            else ''
        end as status_text,
        compared.missing_file_count,
        {{ kpi_change_text('compared.value', 'compared.previous_value', 'catalogue.unit') }}
            as change_text,
        {{ kpi_change_text('compared.value', 'compared.last_year', 'catalogue.unit') }}
            as year_change_text,
        10000 * case compared.target_status
            when 'missed' then 1
            when 'no_data' then 2
            when 'incomplete' then 3
            when 'running' then 3
            when 'met' then 4
            else 5
        end + catalogue.display_order as attention_order
    from compared
    inner join catalogue
        on compared.kpi_code = catalogue.kpi_code

)

select * from final
