-- A settlement is the sum of its lines, gross and commission, or compliance_findings owns up to it.
with settlements as (

    select * from {{ ref('stg_bnpl__settlements') }}

),

lines as (

    select
        settlement_id,
        sum(gross_amount) as gross_amount,
        sum(commission_amount) as commission_amount
    from {{ ref('stg_bnpl__settlement_lines') }}
    group by settlement_id

),

findings as (

    select * from {{ ref('compliance_findings') }}

)

-- A period of refunds alone has no line.
select
    settlements.settlement_id,
    settlements.gross_amount,
    lines.gross_amount as line_gross_amount,
    settlements.commission_amount,
    lines.commission_amount as line_commission_amount
from settlements
left join lines
    on settlements.settlement_id = lines.settlement_id
left join findings
    on
        settlements.settlement_id = findings.entity_key
        and findings.rule = 'SETTLEMENT_LINES_DIFFER'
where
    findings.entity_key is null
    and settlements.period_end_date <= {{ as_of_date('bnpl') }}
    and (
        settlements.gross_amount <> coalesce(lines.gross_amount, 0)
        or settlements.commission_amount <> coalesce(lines.commission_amount, 0)
    )
