-- What a database holds, a line for each thing: its kind, its name, its facts. Equal databases give equal lines, on every machine.
-- Run behind sequences.sql in one transaction, so that all of it is of one moment.
SELECT 'database', pg_encoding_to_char(encoding), datlocprovider, coalesce(datlocale, ''), datcollate, datctype
  FROM pg_database WHERE datname = current_database();

SELECT 'extension', extname FROM pg_extension ORDER BY extname COLLATE "C";

-- The bodies of functions are kept as they were written; of what PostgreSQL writes anew, the names are enough.
SELECT 'function', p.oid::regprocedure, md5(p.prosrc)
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname !~ '^(pg_|information_schema$)'
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
 ORDER BY p.oid::regprocedure::text COLLATE "C";

SELECT 'column', a.attrelid::regclass || '.' || a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated,
       a.attidentity
  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname !~ '^(pg_|information_schema$)' AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY (a.attrelid::regclass || '.' || a.attname) COLLATE "C";

SELECT 'constraint', c.conrelid::regclass || '.' || c.conname, c.contype, c.convalidated
  FROM pg_constraint AS c JOIN pg_namespace AS n ON n.oid = c.connamespace
 WHERE n.nspname !~ '^(pg_|information_schema$)' AND c.conrelid <> 0 AND c.contype <> 'n'
 ORDER BY (c.conrelid::regclass || '.' || c.conname) COLLATE "C";

SELECT 'index', i.indexrelid::regclass, i.indisunique, i.indisvalid
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname !~ '^(pg_|information_schema$)'
 ORDER BY i.indexrelid::regclass::text COLLATE "C";

SELECT 'trigger', tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal
 ORDER BY (tgrelid::regclass || '.' || tgname) COLLATE "C";

-- The rows: how many, and a sum over a digest of each, which no order changes.
SELECT format(
         $$SELECT 'table', %L, count(*), coalesce(sum(('x' || md5((t.*)::text))::bit(64)::bigint::numeric), 0) FROM %s AS t$$,
         c.oid::regclass, c.oid::regclass
       )
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname !~ '^(pg_|information_schema$)' AND c.relkind = 'r'
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
 ORDER BY c.oid::regclass::text COLLATE "C"
\gexec

\qecho end
