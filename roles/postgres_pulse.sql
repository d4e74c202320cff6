-- Who keeps the monitors (PULSE_URL). Run it in a database of their own, as its owner or as a superuser:
-- psql --dbname=pulse --file=roles/postgres_pulse.sql. It may be run again.
--
-- finhouse_pulse   makes schema pulse and its tables, writes monitors, alerts and their log, and reads
--                  them when source pulse is loaded. It has rights in this database alone.
--
-- The role is made without a password: \password finhouse_pulse sets one.

do $$
begin
    if to_regrole('finhouse_pulse') is null then
        create role finhouse_pulse login noinherit nocreatedb nocreaterole;
    end if;
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect, create on database %I to finhouse_pulse', current_database());
end;
$$;

revoke all on schema public from public;
