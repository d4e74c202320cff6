{# The moment of a snapshot is that at which the build began, in UTC, as in the rest of the project:
   what engines call now is that of their session's time zone. #}
{% macro default__snapshot_get_time() -%}
    {{ build_started_at() }}
{%- endmacro %}
