{#- Working days from the day something is due to another one, over two rows of a calendar of working
    days: due on Friday and paid on Monday is 1. What is due on a day off is due on the next working
    day, and not early when it is paid on the day off; what is paid before it is due is negative.

    due, day: relations with date_day, working_day_number and due_working_day_number; see
    int_bnpl_working_days. -#}
{% macro working_days_late(due, day) -%}
    case
            when {{ day }}.date_day < {{ due }}.date_day
                then {{ day }}.working_day_number - {{ due }}.due_working_day_number
            else greatest({{ day }}.working_day_number - {{ due }}.due_working_day_number, 0)
        end
{%- endmacro %}
