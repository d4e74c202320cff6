-- sha256_hex(): test vectors of FIPS 180-4, and a text whose characters are two bytes long.
with texts as (

    select
        'abc' as hashed_text,
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' as expected
    union all
    select '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    union all
    select
        'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
        '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'
    union all
    select 'é', '4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c'

)

select
    hashed_text,
    expected,
    {{ sha256_hex('hashed_text') }} as actual
from texts
where {{ sha256_hex('hashed_text') }} <> expected
