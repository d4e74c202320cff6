-- local_timestamp() and utc_of_local(), whatever the time zone: offsets of quarters of an hour,
-- clocks put forward and back, the turn of a year.
{%- set cases = [
    ('Africa/Johannesburg', '2026-06-30 22:00:00', '2026-07-01 00:00:00'),
    ('Africa/Johannesburg', '2026-06-30 21:59:59.999999', '2026-06-30 23:59:59.999999'),
    ('Africa/Lagos', '2025-12-31 23:00:00', '2026-01-01 00:00:00'),
    ('UTC', '2009-02-28 23:59:59', '2009-02-28 23:59:59'),
    ('Asia/Kathmandu', '2024-02-28 18:15:00', '2024-02-29 00:00:00'),
    ('America/New_York', '2009-03-08 06:59:59', '2009-03-08 01:59:59'),
    ('America/New_York', '2009-03-08 07:00:00', '2009-03-08 03:00:00'),
    ('America/New_York', '2026-11-01 03:59:59', '2026-10-31 23:59:59'),
    ('America/New_York', '2026-11-02 05:00:00', '2026-11-02 00:00:00')
] %}
with cases as (

    {% for zone, utc, wall in cases %}
    select
        '{{ zone }}' as zone_name,
        cast('{{ utc }}' as timestamp) as moment,
        cast('{{ wall }}' as timestamp) as wall_clock
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

converted as (

    {% for zone, _, _ in cases | unique(attribute=0) %}
    select
        cases.zone_name,
        cases.moment,
        cases.wall_clock,
        {{ adapter.dispatch('local_timestamp', 'finhouse')('cases.moment', zone) }}
            as converted_wall_clock,
        {{ adapter.dispatch('utc_of_local', 'finhouse')('cases.wall_clock', zone) }}
            as converted_moment
    from cases
    where cases.zone_name = '{{ zone }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select *
from converted
where
    converted_wall_clock <> wall_clock
    or converted_moment <> moment
