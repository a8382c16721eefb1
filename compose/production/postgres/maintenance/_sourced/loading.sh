# shellcheck shell=bash
# To be sourced after connecting.sh: takes a backup apart, and a loaded database against its manifest.

# choose NAME: sets `backup`; fails for a name that no backup has, and for a backup that is not as it was written.
choose() {
  case $1 in
    '' | .* | *[!A-Za-z0-9._-]*) fail "a backup's name has letters, digits and . _ - only" ;;
  esac
  backup=$directory/$1
  [ -d "$backup" ] || fail "there is no backup $1; the command backups lists them"
  intact "$backup" || fail "$1 is damaged: it is not as it was written (SHA256SUMS)"
}

intact() {
  [ "$(awk '{print $2}' "$1/SHA256SUMS" 2>/dev/null)" = $'database.dump\nmanifest' ] &&
    (cd -- "$1" && sha256sum --check --status SHA256SUMS 2>/dev/null)
}

# load DATABASE: makes it, with the locale that it had, and fills it.
load() {
  local encoding provider locale collate ctype
  IFS=$'\t' read -r _ encoding provider locale collate ctype < <(sed -n 's/\t\t/\t-\t/; /^database\t/p' "$backup/manifest")
  sql --dbname="$server" --set=name="$1" --set=encoding="$encoding" --set=provider="$provider" --set=locale="$locale" \
    --set=collate="$collate" --set=ctype="$ctype" <<'SQL'
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L LOCALE_PROVIDER ',
              :'name', :'encoding', :'collate', :'ctype')
       || CASE :'provider' WHEN 'b' THEN format('builtin BUILTIN_LOCALE %L', :'locale')
                           WHEN 'i' THEN format('icu ICU_LOCALE %L', :'locale')
                           ELSE 'libc' END
\gexec
SQL
  pg_restore --exit-on-error --no-owner --no-privileges --jobs=2 --dbname="$1" "$backup/database.dump"
}

# compare DATABASE: fails unless it holds what the backup's manifest says.
compare() {
  local differences
  differences=$(
    {
      printf 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n'
      cat -- "$here/_sourced/sequences.sql" "$here/_sourced/manifest.sql"
    } | sql --dbname="$1" | awk -F '\t' '
      NR == FNR && $1 == "sequence" { least[$2] = $3; next }
      NR == FNR { said[$0]; next }
      $1 == "sequence" && $2 in least && $3 + 0 >= least[$2] + 0 { delete least[$2]; next }
      $0 in said { delete said[$0]; next }
      { print "found:  " $0 }
      END {
        for (line in said) print "backup: " line
        for (name in least) print "backup: sequence " name " at " least[name] " or more"
      }' "$backup/manifest" - | sort
  )
  [ -z "$differences" ] || fail "what was loaded is not what was backed up:"$'\n'"$differences"
}

# counted: "14 tables, 61234 rows", as the manifest says.
counted() { awk -F '\t' '$1 == "table" { tables++; rows += $3 } END { printf "%d tables, %d rows", tables, rows }' "$backup/manifest"; }

drop() { sql --dbname="$server" --set=name="$1" <<<'DROP DATABASE IF EXISTS :"name" WITH (FORCE);'; }
