with policies as (

    select * from {{ ref('retention_policies') }}

),

positions as (

    select * from {{ ref('stg_operations__retention_status') }}

),

purges as (

    select * from {{ ref('stg_operations__retention_purges') }}

),

purged as (

    select
        source_name,
        table_name,
        sum(purged_row_count) as purged_row_count,
        max(purged_at) as last_purged_at
    from purges
    group by source_name, table_name

),

-- A table that was never loaded has a policy, and nothing to report.
final as (

    select
        positions.source_name,
        positions.table_name,
        policies.action as retention_action,
        cast(policies.keep_months as integer) as keep_months,
        policies.legal_basis,
        cast(policies.review_date as date) as review_date,
        policies.review_date < positions.as_of_date as is_review_overdue,
        positions.as_of_date,
        positions.first_kept_date,
        cast(positions.row_count as bigint) as row_count,
        cast(positions.due_row_count as bigint) as due_row_count,
        cast(coalesce(purged.purged_row_count, 0) as bigint) as purged_row_count,
        cast(positions.held_row_count as bigint) as held_row_count,
        cast(positions.overdue_row_count as bigint) as overdue_row_count,
        positions.oldest_row_date,
        cast(purged.last_purged_at as timestamp) as last_purged_at
    from positions
    inner join policies
        on
            positions.source_name = policies.source_name
            and positions.table_name = policies.table_name
    left join purged
        on
            positions.source_name = purged.source_name
            and positions.table_name = purged.table_name

)

select * from final
