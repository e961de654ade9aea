-- A role and a schema for each service, in the database that this is run in; no role can look into another's schema.
-- Safe to run again: new passwords are taken, the rest stays. psql variables: the database, and a password per service.
-- Run by roles.sh, which fills the variables from files, so that no password appears in a list of processes.

\set ON_ERROR_STOP on
\set QUIET on

-- Two starts at once would race to create the same role.
BEGIN;
SELECT pg_advisory_xact_lock(hashtext('waypost-roles')) \g /dev/null

CREATE TEMPORARY TABLE wanted (name text, password text) ON COMMIT DROP;
INSERT INTO wanted VALUES
    ('referrals', :'referrals'), ('eligibility', :'eligibility'), ('routing', :'routing'),
    ('notifications', :'notifications'), ('operations', :'operations');

SELECT format('CREATE ROLE %I', name) FROM wanted WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD %L', name, password) FROM wanted
\gexec
SELECT format('ALTER ROLE %I SET search_path = %I', name, name) FROM wanted
\gexec
SELECT format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', name, name) FROM wanted
\gexec

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name) FROM wanted
\gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
COMMIT;
