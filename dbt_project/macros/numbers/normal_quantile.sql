{#- The standard normal quantile z of a probability, as a double: 0.95 -> 1.6448536269514722. For
    service levels: the probability is clamped to 0.5 .. 0.9999, so z is 0 .. 3.719; null stays
    null.

    Wichura (1988), algorithm AS 241, PPND16: two quotients of polynomials, whose relative error is
    about 1e-16. No engine has a function for it. -#}
{% macro normal_quantile(probability) -%}
    {%- set level -%}
    least(greatest(cast({{ probability }} as {{ type_double() }}), 0.5e0), 0.9999e0)
    {%- endset -%}
    {%- set level = level | trim -%}
    {%- set centre = '(0.180625e0 - (' ~ level ~ ' - 0.5e0) * (' ~ level ~ ' - 0.5e0))' -%}
    {%- set tail = '(sqrt(-ln(1e0 - ' ~ level ~ ')) - 1.6e0)' -%}
    case
        {#- greatest() and least() skip nulls: of no probability they would make 0.5. #}
        when {{ probability }} is null then null
        when {{ level }} <= 0.925e0
            then ({{ level }} - 0.5e0)
                * {{ polynomial(centre, [
                    '2509.0809287301226727e0', '33430.575583588128105e0',
                    '67265.770927008700853e0', '45921.953931549871457e0',
                    '13731.693765509461125e0', '1971.5909503065514427e0',
                    '133.14166789178437745e0', '3.387132872796366608e0',
                ]) }}
                / {{ polynomial(centre, [
                    '5226.495278852854561e0', '28729.085735721942674e0',
                    '39307.89580009271061e0', '21213.794301586595867e0',
                    '5394.1960214247511077e0', '687.1870074920579083e0',
                    '42.313330701600911252e0', '1e0',
                ]) }}
        else
            {{ polynomial(tail, [
                '7.7454501427834140764e-4', '0.0227238449892691845833e0',
                '0.24178072517745061177e0', '1.27045825245236838258e0',
                '3.64784832476320460504e0', '5.7694972214606914055e0',
                '4.6303378461565452959e0', '1.42343711074968357734e0',
            ]) }}
            / {{ polynomial(tail, [
                '1.05075007164441684324e-9', '5.475938084995344946e-4',
                '0.0151986665636164571966e0', '0.14810397642748007459e0',
                '0.68976733498510000455e0', '1.6763848301838038494e0',
                '2.05319162663775882187e0', '1e0',
            ]) }}
    end
{%- endmacro %}
