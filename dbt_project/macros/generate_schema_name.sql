{#- Schemas are exactly the ones the project names (raw_*, staging, intermediate, marts), with no
    user or target prefix: two people never share a warehouse file, and Postgres teams give each
    developer a database. Only the build of a past day has a prefix, so as not to touch the rest; the
    history that snapshots keep is one, whichever day a build speaks for. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ ('' if node.resource_type == 'snapshot' else env_var('FINHOUSE_SCHEMA_PREFIX', ''))
        ~ (target.schema if custom_schema_name is none else custom_schema_name | trim) }}
{%- endmacro %}
