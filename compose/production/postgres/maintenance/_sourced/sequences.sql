-- What has to be read before a dump begins, and how everything in the transaction is written. The manifest goes on from here.
SET LOCAL search_path = '';
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;

-- A sequence moves outside of transactions, so a backup holds at least what stands here.
SELECT 'sequence', s.seqrelid::regclass, coalesce(pg_sequence_last_value(s.seqrelid), 0)
  FROM pg_sequence AS s ORDER BY s.seqrelid::regclass::text COLLATE "C";
