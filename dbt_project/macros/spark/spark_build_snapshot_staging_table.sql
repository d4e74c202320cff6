{#- What a snapshot is about to merge, as a view in the schema of the snapshot; in place of dbt-spark's
    own, which names no schema for Iceberg tables: this project's catalog refuses such a view. -#}
{% macro spark_build_snapshot_staging_table(strategy, sql, target_relation) %}
    {%- set staged = api.Relation.create(
        identifier=target_relation.identifier ~ '__dbt_tmp',
        schema=target_relation.schema,
        database=none,
        type='view') -%}
    {%- call statement('build_snapshot_staging_relation') -%}
        {{ create_view_as(staged, snapshot_staging_table(strategy, sql, target_relation)) }}
    {%- endcall -%}
    {%- do return(staged) -%}
{% endmacro %}
