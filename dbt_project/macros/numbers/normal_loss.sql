{#- The standard normal loss function phi(z) - z (1 - Phi(z)), as a double: the units short in a
    cycle, in standard deviations of the demand, of who keeps z of them as safety stock (Snyder and
    Shen, Fundamentals of Supply Chain Theory, section 4.3). 0 -> 0.3989423; null stays null. -#}
{% macro normal_loss(z) -%}
    {%- set distance = 'least(abs(' ~ z ~ '), 37e0)' -%}
    exp(-{{ distance }} * {{ distance }} / 2e0) / 2.5066282746310002e0
    - ({{ z }}) * (1e0 - {{ normal_cdf(z) }})
{%- endmacro %}
