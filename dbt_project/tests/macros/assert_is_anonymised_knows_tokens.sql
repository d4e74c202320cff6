-- is_anonymised(): tokens of a purge, and no key that a source makes; a null is neither.
with keys as (

    select
        '00000000-0000-8abc-8def-0123456789ab' as person_key,
        true as expected
    union all
    select '4f0151ba-0818-fd63-5062-56500f0bbfe7', false
    union all
    select '00000000-0000-4000-8000-000000000001', false
    union all
    select '17', false
    union all
    select null, false

)

select
    person_key,
    expected
from keys
where coalesce({{ is_anonymised('person_key') }}, false) <> expected
