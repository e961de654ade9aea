#!/bin/sh
# Makes the services' roles and schemas (roles.sql) in PGDATABASE, as PGUSER. PostgreSQL's image runs it on the first start;
# run it again by hand to take changed passwords. They are read from WAYPOST_SECRETS, one file per service, database_<service>.
set -eu
secrets=${WAYPOST_SECRETS:-/run/secrets}
sql=${WAYPOST_ROLES_SQL:-$(dirname "$0")/roles.sql}
export PGUSER="${PGUSER:-${POSTGRES_USER:-postgres}}" PGDATABASE="${PGDATABASE:-${POSTGRES_DB:-waypost}}"
{
    for service in referrals eligibility routing notifications operations; do
        # Through standard input: arguments can be read by everybody on the machine.
        printf '\\set %s %s\n' "$service" "$(tr -d '\n' < "$secrets/database_$service")"
    done
    cat "$sql"
} | psql --no-psqlrc --quiet --set ON_ERROR_STOP=1
