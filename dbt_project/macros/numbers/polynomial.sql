{#- A polynomial by Horner's scheme, coefficients from the highest power down to the constant:
    polynomial('x', ['3e0', '2e0', '1e0']) is 3 x^2 + 2 x + 1. The variable is written once for
    each power: pass a column or something short. -#}
{% macro polynomial(variable, coefficients) -%}
    {%- set terms = namespace(sum=coefficients[0]) -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set terms.sum = '(' ~ terms.sum ~ ') * ' ~ variable ~ ' + ' ~ coefficient -%}
    {%- endfor -%}
    ({{ terms.sum }})
{%- endmacro %}
