{#- A, B or C by the share of all positive amounts of a partition that comes before a row, largest
    first: A up to 80 %, B up to 95 %. What is not positive is C and counts in no share; equal
    amounts are in the order of `key`. The row that crosses a line is still of the class before it:
    abc_class('monetary', 'customer', 'month_start'). -#}
{% macro abc_class(amount, key, partition_by) -%}
    {%- set positive = 'greatest(' ~ amount ~ ', 0)' -%}
    {%- set total = 'sum(' ~ positive ~ ') over (partition by ' ~ partition_by ~ ')' -%}
    {%- set before -%}
        sum({{ positive }}) over (
            partition by {{ partition_by }}
            order by {{ amount }} desc, {{ key }} asc
            rows between unbounded preceding and current row
        ) - {{ positive }}
    {%- endset -%}
    case
        when {{ amount }} <= 0 then 'C'
        when {{ before }} < 0.80 * {{ total }} then 'A'
        when {{ before }} < 0.95 * {{ total }} then 'B'
        else 'C'
    end
{%- endmacro %}
