#!/bin/sh
# Temporal's own tables, made or brought up to date; safe to repeat. The databases exist (databases.sh).
set -eu
tool() {
    temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" -p 5432 -u "$SQL_USER" --db "$@"
}
versions=/etc/temporal/schema/postgresql/v12
for store in temporal visibility; do
    database=temporal
    [ "$store" = temporal ] || database=temporal_visibility
    tool "$database" setup-schema -v 0.0
    tool "$database" update-schema -d "$versions/$store/versioned"
done
