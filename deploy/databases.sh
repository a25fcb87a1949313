#!/bin/sh
# Runs once, inside the PostgreSQL container, on an empty volume: owners and databases of Temporal and of Quietus.
set -eu
psql --username "${POSTGRES_USER:-postgres}" --dbname postgres --set ON_ERROR_STOP=1 --quiet \
    --set temporal="$TEMPORAL_DB_PASSWORD" --set quietus="$QUIETUS_DB_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN PASSWORD :'temporal';
CREATE ROLE quietus LOGIN PASSWORD :'quietus';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE quietus OWNER quietus;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, quietus FROM PUBLIC;
SQL
