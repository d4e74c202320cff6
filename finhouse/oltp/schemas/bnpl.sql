-- The pay-later provider's OLTP schema (ETB, Africa/Addis_Ababa). Statuses and words are written by
-- several services in mixed case and with padding, so checks compare the normalised value.

create schema bnpl;

create table bnpl.customers (
    id uuid primary key default gen_random_uuid(),
    full_name varchar(150) not null,
    -- The national identity number.
    fayda_id varchar(16) unique,
    phone varchar(20) not null unique,
    email varchar(254),
    date_of_birth date,
    region varchar(80),
    status varchar(20) not null default 'ACTIVE'
        check (upper(trim(status)) in ('ACTIVE', 'SUSPENDED', 'CLOSED')),
    referred_by_customer_id uuid references bnpl.customers (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (referred_by_customer_id <> id)
);
create index customers_referred_by on bnpl.customers (referred_by_customer_id);

create table bnpl.kyc_verifications (
    id uuid primary key default gen_random_uuid(),
    customer_id uuid not null references bnpl.customers (id),
    level smallint not null check (level between 1 and 3),
    status varchar(20) not null default 'SUBMITTED'
        check (upper(trim(status)) in ('SUBMITTED', 'APPROVED', 'REJECTED', 'EXPIRED')),
    submitted_at timestamptz not null,
    -- An expired one was never decided: its customer did not hand in what was asked for.
    decided_at timestamptz check (decided_at >= submitted_at),
    reject_reason varchar(60),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((upper(trim(status)) in ('APPROVED', 'REJECTED')) = (decided_at is not null)),
    check ((upper(trim(status)) = 'REJECTED') = (reject_reason is not null))
);
create index kyc_verifications_customer_id on bnpl.kyc_verifications (customer_id);

create table bnpl.categories (
    id uuid primary key default gen_random_uuid(),
    name varchar(80) not null unique,
    parent_id uuid references bnpl.categories (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (parent_id <> id)
);

create table bnpl.merchants (
    id uuid primary key default gen_random_uuid(),
    name varchar(150) not null,
    category_id uuid references bnpl.categories (id),
    commission_rate numeric(6, 4) not null check (commission_rate between 0 and 1),
    -- Working days from the end of a period to the day its settlement is due.
    settlement_days integer not null default 2 check (settlement_days >= 0),
    status varchar(20) not null default 'ACTIVE'
        check (upper(trim(status)) in ('ACTIVE', 'SUSPENDED', 'CLOSED')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table bnpl.products (
    id uuid primary key default gen_random_uuid(),
    merchant_id uuid not null references bnpl.merchants (id),
    category_id uuid references bnpl.categories (id),
    price numeric(15, 2) not null check (price > 0),
    eligible_plans text[] not null check (
        eligible_plans <@ array['PAY_IN_4', 'PAY_IN_30', 'PAY_OVER_TIME', 'PAY_IN_FULL']
    ),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index products_merchant_id on bnpl.products (merchant_id);

create table bnpl.orders (
    id uuid primary key default gen_random_uuid(),
    customer_id uuid not null references bnpl.customers (id),
    merchant_id uuid not null references bnpl.merchants (id),
    -- An order by QR code or virtual card names no product.
    product_id uuid references bnpl.products (id),
    amount numeric(15, 2) not null check (amount > 0),
    channel varchar(20) not null
        check (lower(trim(channel)) in ('app', 'web', 'qr', 'virtual_card')),
    status varchar(20) not null default 'PLACED' check (
        upper(trim(status)) in (
            'PLACED', 'CAPTURED', 'CANCELLED', 'REFUNDED', 'PARTIALLY_REFUNDED'
        )
    ),
    captured_at timestamptz,
    -- The sum of all refunds; each of them is an event REFUNDED of the audit log.
    refunded_amount numeric(15, 2) not null default 0 check (refunded_amount between 0 and amount),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (captured_at is not null or upper(trim(status)) in ('PLACED', 'CANCELLED')),
    check (captured_at is not null or refunded_amount = 0)
);
create index orders_customer_id on bnpl.orders (customer_id);
create index orders_merchant_id on bnpl.orders (merchant_id);
create index orders_captured_at on bnpl.orders (captured_at);

create table bnpl.credit_assessments (
    id uuid primary key default gen_random_uuid(),
    customer_id uuid not null references bnpl.customers (id),
    -- Null for an assessment that no order asked for, such as the yearly review of a limit.
    order_id uuid references bnpl.orders (id),
    score integer not null check (score between 300 and 850),
    requested_limit numeric(15, 2) not null check (requested_limit > 0),
    approved_limit numeric(15, 2) check (approved_limit >= 0),
    decision varchar(20) not null
        check (upper(trim(decision)) in ('APPROVED', 'DECLINED', 'REFERRED')),
    reason_code varchar(40),
    model_version varchar(20) not null,
    assessed_at timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((upper(trim(decision)) = 'APPROVED') = (approved_limit is not null))
);
create index credit_assessments_customer_id on bnpl.credit_assessments (customer_id);
create index credit_assessments_order_id on bnpl.credit_assessments (order_id);

create table bnpl.payment_plans (
    id uuid primary key default gen_random_uuid(),
    order_id uuid not null unique references bnpl.orders (id),
    customer_id uuid not null references bnpl.customers (id),
    plan_type varchar(20) not null check (
        upper(trim(plan_type)) in ('PAY_IN_4', 'PAY_IN_30', 'PAY_OVER_TIME', 'PAY_IN_FULL')
    ),
    principal numeric(15, 2) not null check (principal > 0),
    -- Nominal rate a year as signed; 0 where the plan is free of interest.
    contract_apr numeric(6, 4) not null default 0 check (contract_apr between 0 and 1),
    term_months integer check (term_months > 0),
    installment_count integer not null check (installment_count > 0),
    status varchar(20) not null default 'DRAFT' check (
        upper(trim(status)) in ('DRAFT', 'ACTIVE', 'COMPLETED', 'DEFAULTED', 'CANCELLED')
    ),
    activated_at timestamptz,
    completed_at timestamptz check (completed_at >= activated_at),
    defaulted_at timestamptz check (defaulted_at >= activated_at),
    written_off_at timestamptz check (written_off_at >= activated_at),
    -- Principal outstanding when the plan was written off.
    written_off_amount numeric(15, 2) check (written_off_amount between 0 and principal),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((written_off_at is null) = (written_off_amount is null)),
    check (upper(trim(status)) in ('DRAFT', 'CANCELLED') or activated_at is not null)
);
create index payment_plans_customer_id on bnpl.payment_plans (customer_id);
create index payment_plans_activated_at on bnpl.payment_plans (activated_at);

-- A re-scheduled plan gets a new version. What it replaces stays, superseded: on each day the rows
-- in force say the whole plan, so that their principal is the plan's.
create table bnpl.installments (
    id uuid primary key default gen_random_uuid(),
    plan_id uuid not null references bnpl.payment_plans (id),
    number integer not null check (number > 0),
    due_date date not null,
    principal numeric(15, 2) not null check (principal >= 0),
    interest numeric(15, 2) not null default 0 check (interest >= 0),
    -- What the app shows; the fees themselves are events in fee_assessments.
    fee numeric(15, 2) not null default 0 check (fee >= 0),
    status varchar(20) not null default 'PENDING' check (
        upper(trim(status)) in ('PENDING', 'DUE', 'OVERDUE', 'PAID', 'SKIPPED', 'WRITTEN_OFF')
    ),
    version integer not null default 1 check (version > 0),
    superseded_at timestamptz check (superseded_at >= created_at),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (plan_id, version, number)
);
create index installments_due_date on bnpl.installments (due_date);

-- Attempts to collect. Attempts of one collection share its idempotency key; a provider that calls
-- back twice leaves two rows of one key.
create table bnpl.payments (
    id uuid primary key default gen_random_uuid(),
    plan_id uuid not null references bnpl.payment_plans (id),
    installment_id uuid references bnpl.installments (id),
    amount numeric(15, 2) not null check (amount > 0),
    method varchar(20) not null
        check (upper(trim(method)) in ('TELEBIRR', 'MPESA', 'CBE_BIRR', 'CARD')),
    status varchar(20) not null default 'PENDING'
        check (upper(trim(status)) in ('PENDING', 'SUCCESS', 'FAILED', 'CHARGEBACK')),
    idempotency_key varchar(64) not null,
    attempt integer not null default 1 check (attempt > 0),
    provider_reference varchar(40) not null,
    initiated_at timestamptz not null,
    settled_at timestamptz check (settled_at >= initiated_at),
    charged_back_at timestamptz check (charged_back_at >= settled_at),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((upper(trim(status)) in ('SUCCESS', 'CHARGEBACK')) = (settled_at is not null)),
    check ((upper(trim(status)) = 'CHARGEBACK') = (charged_back_at is not null))
);
create index payments_plan_id on bnpl.payments (plan_id);
create index payments_installment_id on bnpl.payments (installment_id);
create index payments_idempotency_key on bnpl.payments (idempotency_key);

create table bnpl.fee_assessments (
    id uuid primary key default gen_random_uuid(),
    installment_id uuid not null references bnpl.installments (id),
    fee numeric(15, 2) not null default 50 check (fee > 0),
    assessed_at timestamptz not null,
    waived_at timestamptz check (waived_at >= assessed_at),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index fee_assessments_installment_id on bnpl.fee_assessments (installment_id);

create table bnpl.settlements (
    id uuid primary key default gen_random_uuid(),
    merchant_id uuid not null references bnpl.merchants (id),
    period_start date not null,
    period_end date not null check (period_end >= period_start),
    gross numeric(15, 2) not null check (gross >= 0),
    commission numeric(15, 2) not null check (commission between 0 and gross),
    -- Refunds of the period on the merchant's orders, whenever these were captured.
    refunds numeric(15, 2) not null default 0 check (refunds >= 0),
    net numeric(15, 2) not null,
    due_on date not null check (due_on >= period_end),
    paid_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (merchant_id, period_start),
    check (net = gross - commission - refunds)
);

create table bnpl.settlement_lines (
    id uuid primary key default gen_random_uuid(),
    settlement_id uuid not null references bnpl.settlements (id),
    order_id uuid not null unique references bnpl.orders (id),
    gross numeric(15, 2) not null check (gross > 0),
    commission numeric(15, 2) not null check (commission between 0 and gross),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index settlement_lines_settlement_id on bnpl.settlement_lines (settlement_id);

create table bnpl.disputes (
    id uuid primary key default gen_random_uuid(),
    order_id uuid not null references bnpl.orders (id),
    reason varchar(40) not null,
    opened_at timestamptz not null,
    resolved_at timestamptz check (resolved_at >= opened_at),
    outcome varchar(20) check (upper(trim(outcome)) in ('MERCHANT', 'CUSTOMER')),
    -- What the outcome gave back to the customer; one of the order's refunds.
    refunded_amount numeric(15, 2) check (refunded_amount >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((resolved_at is null) = (outcome is null)),
    check ((upper(trim(outcome)) = 'CUSTOMER') = (refunded_amount is not null))
);
create index disputes_order_id on bnpl.disputes (order_id);

create table bnpl.reviews (
    id uuid primary key default gen_random_uuid(),
    order_id uuid not null unique references bnpl.orders (id),
    stars smallint not null check (stars between 1 and 5),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table bnpl.rewards_accounts (
    id uuid primary key default gen_random_uuid(),
    customer_id uuid not null unique references bnpl.customers (id),
    tier varchar(20) not null default 'BRONZE'
        check (upper(trim(tier)) in ('BRONZE', 'SILVER', 'GOLD', 'PLATINUM')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- Without a merchant, a programme of the platform for all of them.
create table bnpl.loyalty_programs (
    id uuid primary key default gen_random_uuid(),
    merchant_id uuid references bnpl.merchants (id),
    rate numeric(6, 4) not null check (rate between 0 and 1),
    valid_from date not null,
    valid_to date check (valid_to >= valid_from),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- Movements of a rewards account. Amounts are positive; the kind says which way they count.
create table bnpl.cashback_transactions (
    id uuid primary key default gen_random_uuid(),
    account_id uuid not null references bnpl.rewards_accounts (id),
    kind varchar(20) not null
        check (upper(trim(kind)) in ('EARNED', 'REDEEMED', 'EXPIRED', 'REVERSED')),
    amount numeric(15, 2) not null check (amount > 0),
    order_id uuid references bnpl.orders (id),
    occurred_at timestamptz not null,
    -- Last day on which what was earned can be redeemed.
    expires_on date,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((upper(trim(kind)) = 'EARNED') = (expires_on is not null))
);
create index cashback_transactions_account_id on bnpl.cashback_transactions (account_id);

create table bnpl.redemptions (
    id uuid primary key default gen_random_uuid(),
    cashback_transaction_id uuid not null unique references bnpl.cashback_transactions (id),
    order_id uuid not null references bnpl.orders (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table bnpl.premium_subscriptions (
    id uuid primary key default gen_random_uuid(),
    customer_id uuid not null references bnpl.customers (id),
    valid_from date not null,
    -- Null while the subscription runs.
    valid_to date check (valid_to >= valid_from),
    -- A month.
    fee numeric(15, 2) not null check (fee >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index premium_subscriptions_customer_id on bnpl.premium_subscriptions (customer_id);

-- What happened to orders, plans, settlements and disputes. Events of one entity are numbered
-- without gaps, and each carries the hash of the one before it.
create table bnpl.audit_log (
    id uuid primary key default gen_random_uuid(),
    sequence bigint not null check (sequence > 0),
    entity varchar(40) not null,
    entity_id uuid not null,
    event varchar(40) not null,
    old_status varchar(20),
    new_status varchar(20),
    amount numeric(15, 2),
    -- The role that acted, never a person.
    actor varchar(40) not null,
    occurred_at timestamptz not null,
    prev_hash varchar(64),
    hash varchar(64) not null,
    created_at timestamptz not null default now(),
    unique (entity, entity_id, sequence),
    check ((sequence = 1) = (prev_hash is null))
);
create index audit_log_occurred_at on bnpl.audit_log (occurred_at);

create function bnpl.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'bnpl.audit_log is append-only: % refused', lower(tg_op)
        using hint = 'Write a new event that corrects the old one.';
end
$$;
create trigger audit_log_is_append_only before update or delete on bnpl.audit_log
for each row execute function bnpl.refuse_change();
create trigger audit_log_is_never_emptied before truncate on bnpl.audit_log
for each statement execute function bnpl.refuse_change();
revoke update, delete, truncate on bnpl.audit_log from public;

create table bnpl.legal_holds (
    id uuid primary key default gen_random_uuid(),
    subject_type varchar(20) not null
        check (lower(trim(subject_type)) in ('customer', 'merchant', 'order', 'plan')),
    subject_id uuid not null,
    reason varchar(80) not null,
    authority varchar(80) not null,
    placed_at timestamptz not null,
    released_at timestamptz check (released_at >= placed_at),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
