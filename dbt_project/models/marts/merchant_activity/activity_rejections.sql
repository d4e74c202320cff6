{%- set reasons = {
    'empty_merchant_id': 'merchant_id is null',
    'empty_product': 'product is null',
    'empty_event_type': 'event_type is null',
    'empty_status': 'activity_status is null',
    'amount_not_a_number': 'not has_valid_amount',
    'empty_timestamp': 'has_empty_timestamp',
    'timestamp_not_a_date': 'not has_valid_timestamp and not has_empty_timestamp',
    'timestamp_of_another_day': 'is_dated_another_day',
} -%}

with activities as (

    select * from {{ ref('int_merchant_activities_cleaned') }}

),

deliveries as (

    select * from {{ ref('stg_merchant_activity__activities') }}

),

files as (

    select
        file_name,
        file_date,
        cast(count(*) as bigint) as file_row_count,
        {{ count_where('is_duplicate') }} as duplicate_count
    from deliveries
    where file_date <= {{ as_of_date('merchant_activity') }}
    group by file_name, file_date

),

counts as (

    {% for reason, condition in reasons.items() %}
    select
        file_name,
        '{{ reason }}' as reason,
        {{ count_where(condition) }} as rejection_count
    from activities
    group by file_name
    union all
    {% endfor %}
    select
        file_name,
        'duplicate_event_id' as reason,
        duplicate_count as rejection_count
    from files

),

-- Cells, not rows: a rejected cell is null (or 0.00) and its row stays, except a duplicate event,
-- of which the first delivery stays. A row dated another day keeps its own date.
final as (

    select
        files.file_name,
        counts.reason,
        files.file_date,
        counts.rejection_count,
        files.file_row_count,
        {{ ratio('counts.rejection_count', 'files.file_row_count') }} as rejection_rate
    from counts
    inner join files
        on counts.file_name = files.file_name

)

select * from final
