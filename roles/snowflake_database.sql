-- The schemas of database finhouse, and who may do what in them. Run it after
-- roles/snowflake_account.sql, and again when a source or a schema is added. It may be run again.
--
-- Access is managed: who makes a table does not hand out rights to it, the owner of the schema does.
-- Future grants reach the tables that each load and each build replace.

use role finhouse_admin;
-- Raw tables: the loader's; read by the transformer.
create schema if not exists finhouse.raw_bnpl with managed access;
grant usage, create table, create stage on schema finhouse.raw_bnpl to role finhouse_loader;
grant usage on schema finhouse.raw_bnpl to role finhouse_transformer;
grant select on all tables in schema finhouse.raw_bnpl to role finhouse_transformer;
grant select on future tables in schema finhouse.raw_bnpl to role finhouse_transformer;

create schema if not exists finhouse.raw_commerce with managed access;
grant usage, create table, create stage on schema finhouse.raw_commerce to role finhouse_loader;
grant usage on schema finhouse.raw_commerce to role finhouse_transformer;
grant select on all tables in schema finhouse.raw_commerce to role finhouse_transformer;
grant select on future tables in schema finhouse.raw_commerce to role finhouse_transformer;

create schema if not exists finhouse.raw_inventory with managed access;
grant usage, create table, create stage on schema finhouse.raw_inventory to role finhouse_loader;
grant usage on schema finhouse.raw_inventory to role finhouse_transformer;
grant select on all tables in schema finhouse.raw_inventory to role finhouse_transformer;
grant select on future tables in schema finhouse.raw_inventory to role finhouse_transformer;

create schema if not exists finhouse.raw_merchant_activity with managed access;
grant usage, create table, create stage on schema finhouse.raw_merchant_activity to role finhouse_loader;
grant usage on schema finhouse.raw_merchant_activity to role finhouse_transformer;
grant select on all tables in schema finhouse.raw_merchant_activity to role finhouse_transformer;
grant select on future tables in schema finhouse.raw_merchant_activity to role finhouse_transformer;

create schema if not exists finhouse.raw_microfinance with managed access;
grant usage, create table, create stage on schema finhouse.raw_microfinance to role finhouse_loader;
grant usage on schema finhouse.raw_microfinance to role finhouse_transformer;
grant select on all tables in schema finhouse.raw_microfinance to role finhouse_transformer;
grant select on future tables in schema finhouse.raw_microfinance to role finhouse_transformer;

create schema if not exists finhouse.raw_operations with managed access;
grant usage, create table, create stage on schema finhouse.raw_operations to role finhouse_loader;
grant usage on schema finhouse.raw_operations to role finhouse_transformer;
grant select on all tables in schema finhouse.raw_operations to role finhouse_transformer;
grant select on future tables in schema finhouse.raw_operations to role finhouse_transformer;

create schema if not exists finhouse.raw_pulse with managed access;
grant usage, create table, create stage on schema finhouse.raw_pulse to role finhouse_loader;
grant usage on schema finhouse.raw_pulse to role finhouse_transformer;
grant select on all tables in schema finhouse.raw_pulse to role finhouse_transformer;
grant select on future tables in schema finhouse.raw_pulse to role finhouse_transformer;

create schema if not exists finhouse.raw_wallet with managed access;
grant usage, create table, create stage on schema finhouse.raw_wallet to role finhouse_loader;
grant usage on schema finhouse.raw_wallet to role finhouse_transformer;
grant select on all tables in schema finhouse.raw_wallet to role finhouse_transformer;
grant select on future tables in schema finhouse.raw_wallet to role finhouse_transformer;

-- What dbt makes, its seeds among it: the transformer's.
create schema if not exists finhouse.raw_seeds with managed access;
grant usage, create table, create view on schema finhouse.raw_seeds to role finhouse_transformer;

create schema if not exists finhouse.snapshots with managed access;
grant usage, create table, create view on schema finhouse.snapshots to role finhouse_transformer;

create schema if not exists finhouse.staging with managed access;
grant usage, create table, create view on schema finhouse.staging to role finhouse_transformer;

create schema if not exists finhouse.intermediate with managed access;
grant usage, create table, create view on schema finhouse.intermediate to role finhouse_transformer;

create schema if not exists finhouse.marts with managed access;
grant usage, create table, create view on schema finhouse.marts to role finhouse_transformer;

-- What people and their tools read: views on marts, and nothing else. `finhouse snowflake policies`
-- prints the SQL that makes them, as finhouse_admin.
create schema if not exists finhouse.published with managed access;
grant usage on schema finhouse.published to role finhouse_reader;
grant select on all views in schema finhouse.published to role finhouse_reader;
grant select on future views in schema finhouse.published to role finhouse_reader;
