{#- What payment plans owed, and for how many days, on the days they are looked at. CTEs for a
    model, the last of them `aged`: columns of int_bnpl_plan_positions, looked_at_date, is_disputed
    and days_past_due; a row for each day up to the as-of date from the plan's first one on.

    The clock stands still while a dispute is open: days count up to the day on which it was opened,
    and from the original due date again once it is resolved.

    looked_at: relation with plan_id, order_id and looked_at_date.
    positions: relation as int_bnpl_plan_positions.
    disputes: order_id, opened_date, resolved_date. -#}
{% macro plans_aged(looked_at, positions='positions', disputes='disputes') -%}
open_disputes as (

    select
        looked_at.plan_id,
        looked_at.looked_at_date,
        min(disputes.opened_date) as dispute_opened_date
    from {{ looked_at }} as looked_at
    inner join {{ disputes }} as disputes
        on
            looked_at.order_id = disputes.order_id
            and looked_at.looked_at_date >= disputes.opened_date
            and (
                disputes.resolved_date is null
                or looked_at.looked_at_date < disputes.resolved_date
            )
    group by looked_at.plan_id, looked_at.looked_at_date

),

looked_up as (

    select
        positions.*,
        looked_at.looked_at_date,
        positions.is_active and open_disputes.plan_id is not null as is_disputed,
        coalesce(open_disputes.dispute_opened_date, looked_at.looked_at_date) as aged_to_date
    from {{ looked_at }} as looked_at
    inner join {{ positions }} as positions
        on
            looked_at.plan_id = positions.plan_id
            and looked_at.looked_at_date >= positions.position_date
            and (
                positions.next_position_date is null
                or looked_at.looked_at_date < positions.next_position_date
            )
    left join open_disputes
        on
            looked_at.plan_id = open_disputes.plan_id
            and looked_at.looked_at_date = open_disputes.looked_at_date
    where looked_at.looked_at_date <= {{ as_of_date('bnpl') }}

),

-- Due on the day itself is not overdue.
aged as (

    select
        *,
        case
            when is_active and oldest_unpaid_due_date < aged_to_date
                then {{ days_between('oldest_unpaid_due_date', 'aged_to_date') }}
            else 0
        end as days_past_due
    from looked_up

)
{%- endmacro %}
