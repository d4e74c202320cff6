{#- How a snapshot takes up what was staged, where dbt's own statement does not run: Snowflake's does not
    say of which side the inserted columns are, and the emulator asks for it; dbt-spark's looks for what
    was staged without a schema (see spark_build_snapshot_staging_table). -#}
{% macro merge_snapshot(target, source, insert_cols) -%}
    {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
    merge into {{ target }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = DBT_INTERNAL_DEST.{{ columns.dbt_scd_id }}
    when matched
        and DBT_INTERNAL_DEST.{{ columns.dbt_valid_to }} is null
        and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
        then update set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
    when not matched
        and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
        then insert ({{ insert_cols | join(', ') }})
        values (DBT_INTERNAL_SOURCE.{{ insert_cols | join(', DBT_INTERNAL_SOURCE.') }})
{%- endmacro %}

{% macro snowflake__snapshot_merge_sql(target, source, insert_cols) -%}
    {{ merge_snapshot(target, source, insert_cols) }}
{%- endmacro %}

{% macro spark__snapshot_merge_sql(target, source, insert_cols) -%}
    {{ merge_snapshot(target, source, insert_cols) }}
{%- endmacro %}
