{#- The standard normal distribution function of a double, as a double: 0 -> 0.5, 1.96 -> 0.9750021.
    Without erf(), which the engines have or have not: Hart (1968), algorithm 5666, as Genz and West
    (2005) write it, with an error below 1e-14. Beyond 37 deviations it is 0 or 1;
    null stays null. -#}
{% macro normal_cdf(z) -%}
    {#- Clamped, as the exponential of less is an underflow, which Postgres takes for an error. -#}
    {%- set distance = 'least(abs(' ~ z ~ '), 37e0)' -%}
    {%- set density = 'exp(-' ~ distance ~ ' * ' ~ distance ~ ' / 2e0)' -%}
    {%- set tail -%}
    case
        when {{ distance }} < 7.07106781186547e0
            then {{ density }}
                * {{ polynomial(distance, [
                    '3.52624965998911e-2', '0.700383064443688e0', '6.37396220353165e0',
                    '33.912866078383e0', '112.079291497871e0', '221.213596169931e0',
                    '220.206867912376e0',
                ]) }}
                / {{ polynomial(distance, [
                    '8.83883476483184e-2', '1.75566716318264e0', '16.064177579207e0',
                    '86.7807322029461e0', '296.564248779674e0', '637.333633378831e0',
                    '793.826512519948e0', '440.413735824752e0',
                ]) }}
        else {{ density }} / 2.506628274631e0 / (
            {{ distance }} + 1e0 / ({{ distance }} + 2e0 / ({{ distance }} + 3e0 / (
                {{ distance }} + 4e0 / ({{ distance }} + 0.65e0)
            )))
        )
    end
    {%- endset -%}
    case
        when {{ z }} > 0 then 1e0 - {{ tail }}
        when {{ z }} <= 0 then {{ tail }}
    end
{%- endmacro %}
