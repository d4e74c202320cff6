-- The microfinance institution's OLTP schema (KES, Africa/Nairobi): Django tables, so every one has
-- active (soft delete), date_created and date_updated. Statuses are written by several services in
-- mixed case and with padding, so checks compare the normalised value.

create schema microfinance;

create table microfinance.branches (
    id uuid primary key default gen_random_uuid(),
    name varchar(80) not null unique,
    region varchar(80) not null,
    opened_on date not null,
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);

create table microfinance.users_user (
    id uuid primary key default gen_random_uuid(),
    password varchar(128) not null,
    first_name varchar(150) not null,
    last_name varchar(150) not null,
    email varchar(254),
    phone_number varchar(20) not null unique,
    national_id varchar(20) unique,
    date_of_birth date,
    gender varchar(10) check (gender in ('F', 'M')),
    risk_grade varchar(1) check (risk_grade in ('A', 'B', 'C', 'D', 'E')),
    -- Not every customer is assigned to a branch.
    branch_id uuid references microfinance.branches (id),
    last_login timestamptz,
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);
create index users_user_branch_id on microfinance.users_user (branch_id);

create table microfinance.account_types (
    id uuid primary key default gen_random_uuid(),
    code varchar(20) not null unique,
    name varchar(80) not null,
    interest_rate numeric(6, 4) not null default 0 check (interest_rate between 0 and 1),
    monthly_fee numeric(15, 2) not null default 0 check (monthly_fee >= 0),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);

create table microfinance.accounts (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references microfinance.users_user (id),
    account_type_id uuid not null references microfinance.account_types (id),
    branch_id uuid references microfinance.branches (id),
    account_number varchar(20) not null unique,
    balance numeric(15, 2) not null default 0,
    status varchar(20) not null default 'ACTIVE'
        check (upper(trim(status)) in ('ACTIVE', 'DORMANT', 'CLOSED')),
    opened_on date not null,
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);
create index accounts_user_id on microfinance.accounts (user_id);

create table microfinance.transaction_types (
    id uuid primary key default gen_random_uuid(),
    code varchar(40) not null unique,
    name varchar(80) not null,
    direction varchar(10) not null check (direction in ('CREDIT', 'DEBIT')),
    is_customer_initiated boolean not null,
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);

-- Entries of the accounts' ledger. A voided entry is soft-deleted.
create table microfinance.transactions (
    id uuid primary key default gen_random_uuid(),
    account_id uuid not null references microfinance.accounts (id),
    transaction_type_id uuid not null references microfinance.transaction_types (id),
    amount numeric(15, 2) not null check (amount > 0),
    reference varchar(40),
    -- When the money moved; an agent without a network posts days later (date_created).
    transaction_date timestamptz not null,
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);
create index transactions_account_id on microfinance.transactions (account_id);
create index transactions_transaction_date on microfinance.transactions (transaction_date);

create table microfinance.transfers (
    id uuid primary key default gen_random_uuid(),
    from_account_id uuid not null references microfinance.accounts (id),
    to_account_id uuid not null references microfinance.accounts (id),
    amount numeric(15, 2) not null check (amount > 0),
    status varchar(20) not null default 'PENDING'
        check (upper(trim(status)) in ('PENDING', 'SUCCESS', 'FAILED')),
    failure_reason varchar(60),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now(),
    check (from_account_id <> to_account_id)
);

create table microfinance.loan_products (
    id uuid primary key default gen_random_uuid(),
    code varchar(20) not null unique,
    name varchar(80) not null,
    -- Annual flat rate on the amount disbursed.
    interest_rate numeric(6, 4) not null check (interest_rate between 0 and 1),
    processing_fee_rate numeric(6, 4) not null default 0
        check (processing_fee_rate between 0 and 1),
    is_secured boolean not null,
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);

create table microfinance.loans (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references microfinance.users_user (id),
    loan_product_id uuid not null references microfinance.loan_products (id),
    branch_id uuid references microfinance.branches (id),
    account_id uuid references microfinance.accounts (id),
    loan_number varchar(20) not null unique,
    principal_amount numeric(15, 2) not null check (principal_amount > 0),
    approved_amount numeric(15, 2) check (approved_amount > 0),
    interest_rate numeric(6, 4) not null check (interest_rate between 0 and 1),
    processing_fee numeric(15, 2) not null default 0 check (processing_fee >= 0),
    -- Principal and interest to be repaid under the schedule in force.
    repayment_amount numeric(15, 2) check (repayment_amount >= approved_amount),
    repayment_months integer not null check (repayment_months > 0),
    status varchar(20) not null default 'PENDING' check (
        upper(trim(status)) in (
            'PENDING', 'APPROVED', 'REJECTED', 'ACTIVE', 'RESTRUCTURED', 'COMPLETED', 'WRITTEN_OFF'
        )
    ),
    application_date date not null,
    approved_date date check (approved_date >= application_date),
    disbursed_date date check (disbursed_date >= approved_date),
    due_date date check (due_date > disbursed_date),
    total_paid numeric(15, 2) not null default 0 check (total_paid >= 0),
    balance numeric(15, 2) not null default 0,
    written_off_at timestamptz,
    written_off_amount numeric(15, 2) check (written_off_amount >= 0),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now(),
    check ((written_off_at is null) = (written_off_amount is null)),
    check (disbursed_date is null or approved_amount is not null)
);
create index loans_user_id on microfinance.loans (user_id);
create index loans_disbursed_date on microfinance.loans (disbursed_date);

-- A restructured loan gets a new version; the instalments it replaces are soft-deleted.
create table microfinance.loan_schedules (
    id uuid primary key default gen_random_uuid(),
    loan_id uuid not null references microfinance.loans (id),
    version integer not null default 1 check (version > 0),
    effective_from date not null,
    installment_number integer not null check (installment_number > 0),
    due_date date not null check (due_date > effective_from),
    principal_due numeric(15, 2) not null check (principal_due >= 0),
    interest_due numeric(15, 2) not null check (interest_due >= 0),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now(),
    unique (loan_id, version, installment_number)
);

create table microfinance.payments (
    id uuid primary key default gen_random_uuid(),
    -- The payment provider does not always know whose payment it is.
    user_id uuid references microfinance.users_user (id),
    account_id uuid references microfinance.accounts (id),
    loan_id uuid references microfinance.loans (id),
    purpose varchar(20) not null check (purpose in ('DEPOSIT', 'LOAN_REPAYMENT')),
    method varchar(20) not null check (method in ('MPESA', 'AIRTEL_MONEY', 'BANK')),
    amount numeric(15, 2) not null check (amount > 0),
    status varchar(20) not null default 'PENDING'
        check (upper(trim(status)) in ('PENDING', 'SUCCESS', 'FAILED')),
    failure_reason varchar(60),
    -- The provider calls back at least once: a reference may come twice.
    provider_reference varchar(40) not null,
    completed_at timestamptz,
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);
create index payments_loan_id on microfinance.payments (loan_id);
create index payments_provider_reference on microfinance.payments (provider_reference);

create table microfinance.loan_repayments (
    id uuid primary key default gen_random_uuid(),
    loan_id uuid not null references microfinance.loans (id),
    payment_id uuid references microfinance.payments (id),
    payment_date date not null,
    amount numeric(15, 2) not null check (amount > 0),
    principal_paid numeric(15, 2) not null default 0 check (principal_paid >= 0),
    interest_paid numeric(15, 2) not null default 0 check (interest_paid >= 0),
    penalty_paid numeric(15, 2) not null default 0 check (penalty_paid >= 0),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now(),
    check (amount = principal_paid + interest_paid + penalty_paid)
);
create index loan_repayments_loan_id on microfinance.loan_repayments (loan_id);
create index loan_repayments_payment_date on microfinance.loan_repayments (payment_date);

create table microfinance.loan_collaterals (
    id uuid primary key default gen_random_uuid(),
    loan_id uuid not null references microfinance.loans (id),
    kind varchar(40) not null,
    estimated_value numeric(15, 2) not null check (estimated_value >= 0),
    valued_on date not null,
    released_on date check (released_on >= valued_on),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);
create index loan_collaterals_loan_id on microfinance.loan_collaterals (loan_id);

create table microfinance.investment_products (
    id uuid primary key default gen_random_uuid(),
    code varchar(20) not null unique,
    name varchar(80) not null,
    annual_rate numeric(6, 4) not null check (annual_rate between 0 and 1),
    term_months integer not null check (term_months > 0),
    minimum_amount numeric(15, 2) not null check (minimum_amount >= 0),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);

create table microfinance.investments (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references microfinance.users_user (id),
    account_id uuid references microfinance.accounts (id),
    investment_product_id uuid not null references microfinance.investment_products (id),
    amount numeric(15, 2) not null check (amount > 0),
    -- What the customer has back in the end, the amount included.
    total_return numeric(15, 2) not null check (total_return >= 0),
    start_date date not null,
    end_date date not null check (end_date > start_date),
    -- The day the money went back: at maturity, or before it.
    closed_on date check (closed_on >= start_date),
    status varchar(20) not null default 'ACTIVE'
        check (upper(trim(status)) in ('ACTIVE', 'MATURED', 'WITHDRAWN')),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now()
);
create index investments_user_id on microfinance.investments (user_id);
create index investments_end_date on microfinance.investments (end_date);

create table microfinance.investment_earnings (
    id uuid primary key default gen_random_uuid(),
    investment_id uuid not null references microfinance.investments (id),
    paid_on date not null,
    amount numeric(15, 2) not null check (amount > 0),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now(),
    unique (investment_id, paid_on)
);

create table microfinance.operating_costs (
    id uuid primary key default gen_random_uuid(),
    cost_month date not null check (extract(day from cost_month) = 1),
    category varchar(60) not null,
    amount numeric(15, 2) not null check (amount >= 0),
    active boolean not null default true,
    date_created timestamptz not null default now(),
    date_updated timestamptz not null default now(),
    unique (cost_month, category)
);
