# shellcheck shell=bash
# To be sourced: where the database is, by the variables of the postgres image, told to libpq by its own (PG…). No password
# stands on a command line, where every account of the machine could read it.

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

sql() { psql --no-psqlrc --quiet --no-align --tuples-only --field-separator=$'\t' --set=ON_ERROR_STOP=1 "$@"; }

export PGHOST=${POSTGRES_HOST:-} PGPORT=${POSTGRES_PORT:-} PGUSER=${POSTGRES_USER:-postgres}
export PGAPPNAME=${0##*/} PGCLIENTENCODING=UTF8
if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
  [ -r "$POSTGRES_PASSWORD_FILE" ] || fail "POSTGRES_PASSWORD_FILE names a file that cannot be read"
  PGPASSWORD=$(cat -- "$POSTGRES_PASSWORD_FILE")
else
  PGPASSWORD=${POSTGRES_PASSWORD:-}
fi
export PGPASSWORD

database=${POSTGRES_DB:-$PGUSER}
# The one to work from while databases are made and renamed.
server=postgres
[ "$database" != postgres ] || server=template1

directory=${BACKUP_DIR:-/backups}
[ -d "$directory" ] || fail "BACKUP_DIR names no directory: $directory"
umask 077
