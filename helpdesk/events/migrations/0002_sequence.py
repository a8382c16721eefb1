"""The sequencer. Two statements on purpose: in a VOLATILE function each takes its own snapshot, so the second sees what the
holder of the lock before us has numbered. The lock blocks: giving up would strand a record without a position."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION events_sequence(wanted bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    head bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7402913846201);
    SELECT coalesce(max(position), 0) INTO head FROM events_eventrecord;
    UPDATE events_eventrecord AS record
       SET position = head + unnumbered.place
      FROM (
            SELECT id, row_number() OVER (ORDER BY id) AS place
              FROM events_eventrecord
             WHERE position IS NULL
           ) AS unnumbered
     WHERE record.id = unnumbered.id;
    RETURN (SELECT position FROM events_eventrecord WHERE id = wanted);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION events_sequence(bigint)")]
