-- Who may do what in a Postgres warehouse. Run it in the warehouse's database, as its owner or as a
-- superuser: psql --dbname=warehouse --file=roles/postgres_warehouse.sql. It may be run again.
--
-- finhouse_builder   WAREHOUSE_URL: loads, builds and publishes. Extract-load, dbt and publishing are
--                    one role: each replaces tables of its own and reads those of the others, and all
--                    three write one history (schema raw_operations). It owns what it makes, makes no
--                    roles and no databases, and reads no schema that others have made.
-- finhouse_reader    READER_URL: Superset and the KPI API. Reads schema published, and nothing else;
--                    each publication hands the right on to the next.
-- finhouse_analyst   reads nothing until roles/clearances.yml names it; then the views of its
--                    clearance, which each publication makes. An example for others of that kind.
--
-- Roles are made without a password: \password finhouse_builder sets one. A restore of a backup makes
-- and renames databases: run it as the owner of the database, with createdb.

do $$
begin
    if to_regrole('finhouse_builder') is null then
        create role finhouse_builder login noinherit nocreatedb nocreaterole;
    end if;
    if to_regrole('finhouse_reader') is null then
        create role finhouse_reader login noinherit nocreatedb nocreaterole;
    end if;
    if to_regrole('finhouse_analyst') is null then
        create role finhouse_analyst login noinherit nocreatedb nocreaterole;
    end if;
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect, create, temporary on database %I to finhouse_builder', current_database());
    execute format('grant connect on database %I to finhouse_reader', current_database());
    execute format('grant connect on database %I to finhouse_analyst', current_database());
end;
$$;

revoke all on schema public from public;

alter role finhouse_reader set default_transaction_read_only = on;
alter role finhouse_reader set statement_timeout = '30s';
alter role finhouse_analyst set default_transaction_read_only = on;
alter role finhouse_analyst set statement_timeout = '30s';

-- There before the first publication, so that this one has somebody to hand the right on to.
create schema if not exists published;
alter schema published owner to finhouse_builder;
grant usage on schema published to finhouse_reader;
grant select on all tables in schema published to finhouse_reader;
