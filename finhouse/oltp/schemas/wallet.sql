-- The wallet's OLTP schema (product: P2P wallet, ZAR, Africa/Johannesburg). Column names are
-- the runtime's. Statuses are free text that several services write: mixed case and padding occur,
-- so checks compare the normalised value.

create schema wallet;

create table wallet.users (
    id uuid primary key default gen_random_uuid(),
    phone_number_hash varchar(64) not null unique,
    blood_hash varchar(16) not null unique,
    device_public_key text not null,
    created_at timestamptz not null default now(),
    last_active timestamptz not null default now(),
    status varchar(20) not null default 'active',
    signup_source varchar(50) check (signup_source in ('organic', 'referral', 'bank_promotion')),
    referrer_user_id uuid references wallet.users (id),
    updated_at timestamptz not null default now()
);
create index users_created_at on wallet.users (created_at);
create index users_referrer_user_id on wallet.users (referrer_user_id);

create table wallet.bank_partnerships (
    id uuid primary key default gen_random_uuid(),
    bank_name varchar(100) not null,
    bank_code varchar(20) not null unique,
    status varchar(20) not null default 'active'
        check (lower(trim(status)) in ('pilot', 'active', 'inactive')),
    contract_start_date date not null,
    contract_end_date date check (contract_end_date >= contract_start_date),
    monthly_fee numeric(10, 2) check (monthly_fee >= 0),
    -- Named a percentage, held as a fraction: 0.0025 is 0.25 %.
    transaction_fee_percentage numeric(5, 4)
        check (transaction_fee_percentage between 0 and 1),
    api_endpoint varchar(255),
    api_key_hash varchar(64),
    total_users integer not null default 0,
    total_transactions bigint not null default 0,
    total_volume numeric(20, 2) not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table wallet.transactions (
    id uuid primary key default gen_random_uuid(),
    sender_id uuid not null references wallet.users (id),
    recipient_id uuid not null references wallet.users (id),
    amount numeric(15, 2) not null check (amount > 0),
    currency varchar(3) not null default 'ZAR',
    status varchar(20) not null default 'PENDING' check (
        upper(trim(status)) in ('PENDING', 'COMPLETED', 'FAILED', 'REVERSED', 'SETTLED')
    ),
    physics_seal_hash varchar(64) not null unique,
    -- A bank_code, but not enforced by the runtime: unknown codes occur.
    bank_id varchar(50),
    bank_reference varchar(100),
    created_at timestamptz not null default now(),
    completed_at timestamptz,
    channel varchar(20) check (channel in ('online', 'offline_sms')),
    device_type varchar(50),
    app_version varchar(20),
    updated_at timestamptz not null default now()
);
create index transactions_sender_id on wallet.transactions (sender_id);
create index transactions_recipient_id on wallet.transactions (recipient_id);
create index transactions_created_at on wallet.transactions (created_at);

-- Append-only, delivered at least once: an event_id may come twice, so it is no key here.
create table wallet.transaction_events (
    event_id uuid not null,
    transaction_id uuid not null,
    user_id uuid not null,
    event_type varchar(40) not null check (
        event_type in (
            'initiated', 'physics_seal_captured', 'submitted', 'completed', 'failed'
        )
    ),
    "timestamp" timestamptz not null,
    amount numeric(15, 2) not null,
    currency varchar(3) not null,
    bank_id varchar(50),
    device_type varchar(50),
    channel varchar(20),
    processing_time_ms integer check (processing_time_ms >= 0),
    sentinel_score numeric(6, 2) check (sentinel_score between 0 and 999),
    error_code varchar(40)
);
create index transaction_events_event_id on wallet.transaction_events (event_id);

create table wallet.user_activity (
    activity_id uuid primary key,
    user_id uuid,
    activity_type varchar(30) not null check (
        activity_type in ('login', 'transaction', 'qr_scan', 'balance_check')
    ),
    "timestamp" timestamptz not null,
    device_type varchar(50),
    app_version varchar(20),
    location_hash varchar(64)
);

create table wallet.bank_surveys (
    id uuid primary key default gen_random_uuid(),
    bank_id varchar(20) not null references wallet.bank_partnerships (bank_code),
    surveyed_at timestamptz not null,
    score integer not null check (score between 1 and 10),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table wallet.fraud_cases (
    id uuid primary key default gen_random_uuid(),
    transaction_id uuid not null references wallet.transactions (id),
    reported_at timestamptz not null,
    resolved_at timestamptz check (resolved_at >= reported_at),
    outcome varchar(20) not null default 'suspected'
        check (outcome in ('suspected', 'confirmed', 'cleared')),
    loss_amount numeric(15, 2) not null default 0 check (loss_amount >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index fraud_cases_transaction_id on wallet.fraud_cases (transaction_id);

create table wallet.marketing_spend (
    id uuid primary key default gen_random_uuid(),
    spend_date date not null,
    signup_source varchar(50) not null,
    campaign varchar(80) not null,
    amount numeric(15, 2) not null check (amount >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table wallet.operating_costs (
    id uuid primary key default gen_random_uuid(),
    cost_month date not null check (extract(day from cost_month) = 1),
    category varchar(60) not null,
    is_cogs boolean not null,
    amount numeric(15, 2) not null check (amount >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (cost_month, category)
);

create table wallet.service_incidents (
    id uuid primary key default gen_random_uuid(),
    service varchar(60) not null,
    severity varchar(20) not null check (severity in ('minor', 'major', 'critical')),
    started_at timestamptz not null,
    resolved_at timestamptz check (resolved_at >= started_at),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
