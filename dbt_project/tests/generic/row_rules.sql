{#- What every row of a model must be, judged in one scan: a row fails if it breaks any rule, and
    its first column, broken_rules, names each one it breaks. Nulls pass all rules but key and
    not_null.
    key: columns that identify a row: none of them is null, and no two rows share them all.
    not_null: further columns without nulls.
    accepted_values: column -> the strings it may hold. A mart says them with the column, by dbt's
        own test: dashboards read them there.
    ranges: condition -> columns that it must hold for, such as '>= 0' or 'between 0 and 1'.
    no_future: columns that are never after the as-of date, as no model covers days that a run does
        not cover. {columns: [...], domain: wallet}, or domain_column: the column that names the
        domain of each row.
    currency_of: domain whose currency the column currency_code holds.
    rules: name -> condition over the columns of a row. -#}
{% test row_rules(
    model, key=[], not_null=[], accepted_values={}, ranges={}, no_future={}, currency_of=none,
    rules={}
) %}

{%- set broken = {} -%}
{%- set shown = {} -%}
{%- for column in key + not_null -%}
    {%- do broken.update({column ~ ' is not null': column ~ ' is null'}) -%}
{%- endfor -%}
{%- for column, values in accepted_values.items() -%}
    {%- set label = column ~ ' is one of ' ~ values | join(', ') -%}
    {%- set listed = values | map('replace', "'", "''") | join("', '") -%}
    {%- do broken.update({label: column ~ " not in ('" ~ listed ~ "')"}) -%}
    {%- do shown.update({label: column}) -%}
{%- endfor -%}
{%- for condition, columns in ranges.items() -%}
    {%- for column in columns -%}
        {%- set label = column ~ ' ' ~ condition -%}
        {%- do broken.update({label: 'not (' ~ label ~ ')'}) -%}
    {%- endfor -%}
{%- endfor -%}
{%- for column in no_future.get('columns', []) -%}
    {%- set of_domains = domains() if 'domain_column' in no_future else [no_future.domain] -%}
    {%- for domain in of_domains -%}
        {%- set condition = column ~ ' > ' ~ as_of_date(domain) -%}
        {%- if 'domain_column' in no_future -%}
            {%- set condition = no_future.domain_column ~ " = '" ~ domain ~ "' and " ~ condition -%}
        {%- endif -%}
        {%- do broken.update({column ~ ' is not after the as-of date of ' ~ domain: condition}) -%}
    {%- endfor -%}
{%- endfor -%}
{%- if currency_of -%}
    {#- By its package: the argument of this test bears the macro's name. -#}
    {%- set currency = finhouse.currency_of(currency_of) -%}
    {%- do broken.update({
        'currency_code is ' ~ currency: "not (currency_code = '" ~ currency ~ "')"
    }) -%}
{%- endif -%}
{%- for name, condition in rules.items() -%}
    {%- do broken.update({name: 'not (' ~ condition ~ ')'}) -%}
{%- endfor -%}
{%- if not broken -%}
    {{ exceptions.raise_compiler_error(
        'row_rules on ' ~ model ~ ' states no rule: give it key, not_null, accepted_values, '
        ~ 'ranges, no_future, currency_of or rules, or remove it'
    ) }}
{%- endif -%}

{#- The name of each broken rule, with the value that is not accepted; then the row. -#}
{%- set named = [] -%}
{%- for name, condition in broken.items() -%}
    {%- set label = "'" ~ name | replace("'", "''") -%}
    {%- if name in shown -%}
        {%- set value = dbt.cast(shown[name], dbt.type_string()) -%}
        {%- set said = dbt.concat([label ~ ", and not '", value, "'; '"]) -%}
    {%- else -%}
        {%- set said = label ~ "; '" -%}
    {%- endif -%}
    {%- do named.append("case when " ~ condition ~ " then " ~ said ~ " else '' end") -%}
{%- endfor %}

{#- Each part reads the model by itself: a CTE that two of them read would be materialized with all
    its columns. -#}
with judged as (

    select * from {{ model }}

)
{%- if key %},

keyed as (

    select * from {{ model }}

),

repeated as (

    select {{ key | join(', ') }}
    from {{ model }}
    group by {{ key | join(', ') }}
    having count(*) > 1

)
{%- endif %}

select
    {{ dbt.concat(named) }} as broken_rules,
    judged.*
from judged
where
    {% for condition in broken.values() %}
    {{ 'or ' if not loop.first }}({{ condition }})
    {% endfor %}
{% if key %}
union all

select
    '{{ "(" ~ key | join(", ") ~ ")" if key | length > 1 else key[0] }} is unique; ' as broken_rules,
    keyed.*
from keyed
inner join repeated
    on
    {% for column in key %}
        {{ 'and ' if not loop.first }}keyed.{{ column }} = repeated.{{ column }}
    {% endfor %}
{% endif %}

{% endtest %}
