#!/bin/bash
# For each service a database that is closed to others; its owner, who makes and changes its tables;
# and the role of the service itself, to which the owner grants what it needs (docs/adr/0024).
# Runs when the data folder is empty. Run again, it sets the passwords to what the files say, makes
# what is missing, and gives the owner what the service owned before there were owners.
# Stop the services before that: they get their grants only with the next `chassis.migrate`.
set -euo pipefail
: "${PASSWORD_FILE:=/run/secrets/ROLE_database_password}"
for service in identity certificates documents; do
    owner=${service}_owner
    password=${PASSWORD_FILE/ROLE/$service} owner_password=${PASSWORD_FILE/ROLE/$owner}
    cat "$password" "$owner_password" > /dev/null  # a missing one ends it before anything is changed
    # psql reads the passwords itself: they are in no argument, and in no log should a statement fail.
    psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -v service="$service" -v owner="$owner" \
        --username "$POSTGRES_USER" --dbname postgres <<SQL
SET log_min_error_statement = panic;
\set password \`cat $password\`
\set owner_password \`cat $owner_password\`
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY[:'service', :'owner']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE :"service" PASSWORD :'password';
ALTER ROLE :"owner" PASSWORD :'owner_password';
SELECT format('CREATE DATABASE %I OWNER %I', :'service', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service') \gexec
\connect :service
REASSIGN OWNED BY :"service" TO :"owner";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC, :"service";
GRANT CONNECT ON DATABASE :"service" TO :"service";
SQL
done
