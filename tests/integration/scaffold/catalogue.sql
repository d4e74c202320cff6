-- A schema as other people make them: quoted mixed-case names, one with a space, a partitioned
-- table, a table without a key, a circle of references, a self reference, special types.
create schema "Sales Data";
comment on schema "Sales Data" is 'Orders of the trading company: {{ not a template }}, #1.';
set search_path = "Sales Data";

create type order_state as enum ('new', 'shipped', 'On Hold', 'no');
create domain positive as numeric(10, 2) check (value >= 0);

create table "Customers" (
    "CustomerID" char(5) primary key,
    "CompanyName" varchar(40) not null,
    "ContactName" varchar(30),
    "Address" varchar(60),
    "City" varchar(15),
    "PostalCode" varchar(10),
    "Phone" varchar(24),
    "Active" boolean not null default true
);
comment on table "Customers" is 'One row per customer.';
comment on column "Customers"."CompanyName" is 'Name of the firm: as it signs, # included.';

create table "Employees" (
    "EmployeeID" smallint primary key,
    "LastName" varchar(20) not null,
    "BirthDate" date,
    "ReportsTo" smallint references "Employees",
    "HomeTeam" integer,
    "Photo" bytea,
    "CreatedAt" timestamptz not null default now()
);

create table teams (
    id integer primary key,
    name text not null,
    lead_employee smallint references "Employees"
);
alter table "Employees" add foreign key ("HomeTeam") references teams;

create table "Orders" (
    "OrderID" integer primary key,
    "CustomerID" char(5) not null references "Customers",
    "EmployeeID" smallint references "Employees",
    "OrderDate" timestamptz not null,
    "ShippedDate" date,
    "Freight" real,
    "State" order_state not null,
    "Ship Name" text,
    "Is Gift" boolean,
    "Local Time" timestamp
);

create table "Order Details" (
    "OrderID" integer references "Orders",
    "Line" smallint,
    "UnitPrice" numeric(12, 4) not null,
    "Discount" numeric,
    primary key ("OrderID", "Line")
);

create table payments (
    id uuid not null,
    order_id integer not null references "Orders",
    amount positive not null,
    tags text[],
    detail jsonb,
    span interval,
    "user" text,
    created_at timestamptz not null,
    primary key (id, created_at)
) partition by range (created_at);
create table payments_2025 partition of payments
for values from ('2025-01-01') to ('2026-01-01');
create table payments_2026 partition of payments
for values from ('2026-01-01') to ('2027-01-01');

create table audit_notes (
    note text,
    password_hash text,
    noted_at timestamptz
);

create table devices (
    serial text not null unique,
    ip inet,
    geo point,
    date_of_birth date,
    national_id text,
    iban text
);

insert into "Customers"
select 'C' || lpad(i::text, 4, '0'), 'Firm ' || i, 'Contact', 'Street', 'Town', '1000', '+1', i > 3
from generate_series(1, 20) as i;
insert into "Employees" ("EmployeeID", "LastName", "BirthDate", "ReportsTo", "Photo")
select i, 'Name', date '1990-01-01' + i, nullif(i - 1, 0), '\x00ff' from generate_series(1, 4) as i;
insert into teams values (1, 'North', 1), (2, 'South', null);
update "Employees" set "HomeTeam" = 1;
insert into "Orders"
select
    i,
    'C' || lpad((1 + i % 20)::text, 4, '0'),
    1 + i % 4,
    timestamptz '2025-06-01 00:00+00' + i * interval '1 day',
    date '2025-06-05' + i,
    i * 1.5,
    (array['new', 'shipped', 'On Hold', 'no'])[1 + i % 4]::order_state,
    'Somebody',
    i % 2 = 0,
    timestamp '2025-06-01 10:00' + i * interval '1 day'
from generate_series(1, 50) as i;
insert into "Order Details"
select o, l, o * 1.1, 0.05 from generate_series(1, 50) as o, generate_series(1, 3) as l;
insert into payments
select
    md5(i::text)::uuid, 1 + i % 50, i, array['a', 'b'], '{"x": 1}', interval '1 day', 'somebody',
    timestamptz '2025-11-01 00:00+00' + i * interval '1 day'
from generate_series(1, 120) as i;
insert into audit_notes select 'seen', 'x', now() from generate_series(1, 7);
insert into devices
select 'S' || i, '10.0.0.1', point(1, 2), date '1980-01-01', 'N' || i, 'X'
from generate_series(1, 3) as i;
