-- Wallet marts sum amounts and name the domain's currency beside them: an amount in another one
-- would be added as if it were the same.
with transactions as (

    select * from {{ ref('fct_transactions') }}

)

select
    transaction_id,
    currency_code
from transactions
where currency_code <> '{{ currency_of("wallet") }}'
