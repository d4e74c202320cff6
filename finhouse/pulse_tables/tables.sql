-- What pulse, the monitors on KPIs, keeps: an application schema of the project's own. Every
-- statement may be run again: a comment on the schema says which edition is in place.

create schema if not exists pulse;

create table if not exists pulse.pulse_monitor_templates (
    id uuid primary key,
    code text not null unique,
    name text not null,
    description text not null,
    category text not null,
    natural_language_template text not null,
    sql_template text not null,
    data_source text not null,
    default_frequency text not null
        check (default_frequency in ('hourly', 'daily', 'weekly', 'monthly')),
    default_severity text not null check (default_severity in ('low', 'medium', 'high', 'critical')),
    suggested_alert_condition jsonb not null,
    parameters jsonb not null,
    -- The domain whose marts it reads; null: those that every house has.
    domain text,
    usage_count integer not null default 0 check (usage_count >= 0),
    rating_sum integer not null default 0,
    rating_count integer not null default 0,
    -- Null until somebody has rated it.
    avg_rating numeric(3, 2)
        generated always as (round(rating_sum::numeric / nullif(rating_count, 0), 2)) stored,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table if not exists pulse.pulse_monitors (
    id uuid primary key default gen_random_uuid(),
    user_id text not null,
    name text not null unique,
    description text not null default '',
    natural_language_query text,
    sql_query text not null,
    data_source text not null,
    alert_condition jsonb not null,
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    frequency text not null check (frequency in ('hourly', 'daily', 'weekly', 'monthly')),
    enabled boolean not null default true,
    next_run timestamptz not null,
    last_run timestamptz,
    query_version integer not null default 1 check (query_version >= 1),
    true_positives integer not null default 0 check (true_positives >= 0),
    false_positives integer not null default 0 check (false_positives >= 0),
    template_id uuid references pulse.pulse_monitor_templates (id),
    template_values jsonb,
    domain text,
    time_zone text not null default 'UTC',
    -- What it last judged: the same publication is not asked again.
    last_publication_id text,
    error_count integer not null default 0 check (error_count >= 0),
    disabled_reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index if not exists pulse_monitors_due on pulse.pulse_monitors (next_run) where enabled;

create table if not exists pulse.pulse_query_versions (
    id serial primary key,
    monitor_id uuid not null references pulse.pulse_monitors (id) on delete cascade,
    version integer not null check (version >= 1),
    sql_query text not null,
    alert_condition jsonb not null,
    change_reason text not null,
    created_by text not null,
    created_at timestamptz not null default now(),
    unique (monitor_id, version)
);

create table if not exists pulse.pulse_alerts (
    id uuid primary key default gen_random_uuid(),
    monitor_id uuid not null references pulse.pulse_monitors (id) on delete cascade,
    query_version integer not null,
    detected_at timestamptz not null,
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    message text not null,
    data jsonb not null,
    acknowledged boolean not null default false,
    acknowledged_at timestamptz,
    acknowledged_by text,
    feedback text check (feedback in ('true_positive', 'false_positive')),
    feedback_at timestamptz,
    feedback_by text,
    fingerprint text not null,
    status text not null check (status in ('firing', 'resolved')),
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    occurrence_count integer not null default 1 check (occurrence_count >= 1),
    resolved_at timestamptz check ((resolved_at is null) = (status = 'firing')),
    snoozed_until timestamptz,
    publication_id text not null,
    as_of_date date,
    -- When somebody was last told of it, and how severe it was then.
    notified_at timestamptz,
    notified_severity text,
    updated_at timestamptz not null default now(),
    check (acknowledged = (acknowledged_at is not null))
);
-- One that fires is one row, however often it is seen.
create unique index if not exists pulse_alerts_firing
on pulse.pulse_alerts (monitor_id, fingerprint) where status = 'firing';
create index if not exists pulse_alerts_detected_at on pulse.pulse_alerts (detected_at);

create table if not exists pulse.pulse_execution_log (
    id bigserial primary key,
    monitor_id uuid not null references pulse.pulse_monitors (id) on delete cascade,
    query_version integer not null,
    executed_at timestamptz not null,
    execution_duration_ms integer not null check (execution_duration_ms >= 0),
    rows_returned integer,
    alert_triggered boolean not null,
    error_message text,
    -- quiet, breached, no_data, unchanged or error.
    outcome text not null
        check (outcome in ('quiet', 'breached', 'no_data', 'unchanged', 'error')),
    publication_id text,
    as_of_date date,
    -- What was judged: of each key its value, its reference and whether it breached; a replay
    -- judges it again.
    measured jsonb not null default '[]'
);
create index if not exists pulse_execution_log_of_monitor
on pulse.pulse_execution_log (monitor_id, executed_at);

create table if not exists pulse.pulse_query_history (
    id bigserial primary key,
    user_id text not null,
    query_text text not null,
    executed_at timestamptz not null,
    data_source text not null,
    rows_returned integer,
    outcome text not null check (outcome in ('answered', 'ambiguous', 'not_understood')),
    -- How the question was understood; null where it was not.
    reading text,
    sql_query text,
    -- What no rule or name explains: what the synonyms lack.
    unknown_words jsonb not null default '[]'
);
create index if not exists pulse_query_history_executed_at
on pulse.pulse_query_history (executed_at);
