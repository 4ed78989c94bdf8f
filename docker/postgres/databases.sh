#!/bin/bash
# Runs once, when the data folder is empty: a role and a database per service, closed to the others.
set -euo pipefail
for service in identity certificates documents; do
    # psql reads the password itself: it is in no argument, and in no log should a statement fail.
    psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -v service="$service" \
        --username "$POSTGRES_USER" --dbname postgres <<SQL
SET log_min_error_statement = panic;
\set password \`cat /run/secrets/${service}_database_password\`
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
