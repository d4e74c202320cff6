-- Roles, warehouses, service users and their network in a Snowflake account. Run it first, as a user
-- who may take the role accountadmin; then roles/snowflake_database.sql. It may be run again, and then
-- sets back what it says, but for sizes and the credit quota, which are yours to change.
--
-- finhouse_admin         owns the schemas and decides who may use them. For a DBA; no program logs in
--                        with it.
-- finhouse_loader        SNOWFLAKE_LOADER_ROLE: writes the raw tables, and reads nothing else.
-- finhouse_transformer   SNOWFLAKE_ROLE: reads the raw tables, writes all that dbt makes of them.
-- finhouse_reader        reads schema published.
--
-- Users are made without a key and cannot log in until they have one; a user of type service has no
-- password: alter user finhouse_load set rsa_public_key = '...'.

use role useradmin;
create role if not exists finhouse_admin;
create role if not exists finhouse_loader;
create role if not exists finhouse_transformer;
create role if not exists finhouse_reader;
grant role finhouse_loader to role finhouse_admin;
grant role finhouse_transformer to role finhouse_admin;
grant role finhouse_reader to role finhouse_admin;
grant role finhouse_admin to role sysadmin;

use role sysadmin;
create database if not exists finhouse;
grant usage, create schema on database finhouse to role finhouse_admin;
grant usage on database finhouse to role finhouse_loader;
grant usage on database finhouse to role finhouse_transformer;
grant usage on database finhouse to role finhouse_reader;

-- A warehouse for each kind of work, so that none waits for another and each has its costs.
create warehouse if not exists finhouse_loading warehouse_size = xsmall initially_suspended = true;
create warehouse if not exists finhouse_transforming warehouse_size = xsmall initially_suspended = true;
create warehouse if not exists finhouse_reading warehouse_size = xsmall initially_suspended = true;
alter warehouse finhouse_loading set auto_suspend = 60;
alter warehouse finhouse_loading set auto_resume = true;
alter warehouse finhouse_loading set statement_timeout_in_seconds = 3600;
alter warehouse finhouse_transforming set auto_suspend = 60;
alter warehouse finhouse_transforming set auto_resume = true;
alter warehouse finhouse_transforming set statement_timeout_in_seconds = 3600;
alter warehouse finhouse_reading set auto_suspend = 60;
alter warehouse finhouse_reading set auto_resume = true;
alter warehouse finhouse_reading set statement_timeout_in_seconds = 30;
grant usage on warehouse finhouse_loading to role finhouse_loader;
grant usage on warehouse finhouse_transforming to role finhouse_transformer;
grant usage on warehouse finhouse_reading to role finhouse_reader;
grant usage, operate, monitor on warehouse finhouse_loading to role finhouse_admin;
grant usage, operate, monitor on warehouse finhouse_transforming to role finhouse_admin;
grant usage, operate, monitor on warehouse finhouse_reading to role finhouse_admin;

-- Only an account administrator makes a resource monitor. At its quota the warehouses end what they
-- do and stop until next month; a tenth beyond it they stop at once.
use role accountadmin;
create resource monitor if not exists finhouse_credits with credit_quota = 100 frequency = monthly start_timestamp = immediately triggers on 80 percent do notify on 100 percent do suspend on 110 percent do suspend_immediate;
alter warehouse finhouse_loading set resource_monitor = finhouse_credits;
alter warehouse finhouse_transforming set resource_monitor = finhouse_credits;
alter warehouse finhouse_reading set resource_monitor = finhouse_credits;

use role useradmin;
create user if not exists finhouse_load type = service default_role = finhouse_loader default_warehouse = finhouse_loading;
create user if not exists finhouse_build type = service default_role = finhouse_transformer default_warehouse = finhouse_transforming;
create user if not exists finhouse_read type = service default_role = finhouse_reader default_warehouse = finhouse_reading;
grant role finhouse_loader to user finhouse_load;
grant role finhouse_transformer to user finhouse_build;
grant role finhouse_reader to user finhouse_read;
-- Naive timestamps are UTC in the warehouse: sessions must read and write them so.
alter user finhouse_load set timezone = 'UTC';
alter user finhouse_load set timestamp_type_mapping = 'TIMESTAMP_NTZ';
alter user finhouse_build set timezone = 'UTC';
alter user finhouse_build set timestamp_type_mapping = 'TIMESTAMP_NTZ';
alter user finhouse_read set timezone = 'UTC';
alter user finhouse_read set timestamp_type_mapping = 'TIMESTAMP_NTZ';

-- From where the service users may log in: put your own addresses here. Those that stand here belong
-- to nobody (RFC 5737), so that a file which is run as it is lets nobody in.
use role securityadmin;
create network policy if not exists finhouse_services allowed_ip_list = ('192.0.2.0/24');
alter network policy finhouse_services set allowed_ip_list = ('192.0.2.0/24');
alter user finhouse_load set network_policy = finhouse_services;
alter user finhouse_build set network_policy = finhouse_services;
alter user finhouse_read set network_policy = finhouse_services;
