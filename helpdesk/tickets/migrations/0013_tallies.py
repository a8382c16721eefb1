"""How many tickets and comments live, kept by triggers in the transaction of whatever changes it.

Creating the triggers keeps writers out until the commit, so the first sums are right. At a million tickets with five
million comments that takes two seconds.
"""

from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION helpdesk_tally(of text, number bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO tickets_tally (of, number) SELECT of, number WHERE number <> 0
$$;

CREATE FUNCTION helpdesk_tally_tickets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM helpdesk_tally(
        'tickets', CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END * (SELECT count(*) FROM rows WHERE deleted_at IS NULL)
    );
    RETURN NULL;
END $$;

-- With its comments, which come and go with it.
CREATE FUNCTION helpdesk_tally_ticket_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign bigint := CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END;
BEGIN
    PERFORM helpdesk_tally('tickets', sign);
    PERFORM helpdesk_tally(
        'comments',
        sign * (SELECT count(*) FROM tickets_comment WHERE ticket_id = NEW.id AND deleted_at IS NULL)
    );
    RETURN NULL;
END $$;

CREATE FUNCTION helpdesk_tally_comments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM helpdesk_tally(
        'comments',
        CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END * (
            SELECT count(*) FROM rows JOIN tickets_ticket AS ticket ON ticket.id = rows.ticket_id
             WHERE rows.deleted_at IS NULL AND ticket.deleted_at IS NULL
        )
    );
    RETURN NULL;
END $$;

CREATE FUNCTION helpdesk_tally_comment_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM helpdesk_tally(
        'comments',
        (SELECT count(*) FROM tickets_ticket
          WHERE id = NEW.ticket_id AND deleted_at IS NULL AND NEW.deleted_at IS NULL)
        - (SELECT count(*) FROM tickets_ticket
            WHERE id = OLD.ticket_id AND deleted_at IS NULL AND OLD.deleted_at IS NULL)
    );
    RETURN NULL;
END $$;

CREATE FUNCTION helpdesk_tally_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tickets_tally WHERE of = TG_ARGV[0];
    RETURN NULL;
END $$;
"""
DROP_FUNCTIONS = """
DROP FUNCTION helpdesk_tally_emptied();
DROP FUNCTION helpdesk_tally_comment_changed();
DROP FUNCTION helpdesk_tally_comments();
DROP FUNCTION helpdesk_tally_ticket_deleted();
DROP FUNCTION helpdesk_tally_tickets();
DROP FUNCTION helpdesk_tally(text, bigint);
"""

TRIGGERS = """
CREATE TRIGGER tally_added AFTER INSERT ON tickets_ticket
    REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION helpdesk_tally_tickets();
CREATE TRIGGER tally_removed AFTER DELETE ON tickets_ticket
    REFERENCING OLD TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION helpdesk_tally_tickets();
CREATE TRIGGER tally_deleted AFTER UPDATE OF deleted_at ON tickets_ticket FOR EACH ROW
    WHEN ((OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)) EXECUTE FUNCTION helpdesk_tally_ticket_deleted();
CREATE TRIGGER tally_emptied AFTER TRUNCATE ON tickets_ticket
    FOR EACH STATEMENT EXECUTE FUNCTION helpdesk_tally_emptied('tickets');

CREATE TRIGGER tally_added AFTER INSERT ON tickets_comment
    REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION helpdesk_tally_comments();
CREATE TRIGGER tally_removed AFTER DELETE ON tickets_comment
    REFERENCING OLD TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION helpdesk_tally_comments();
CREATE TRIGGER tally_changed AFTER UPDATE OF ticket_id, deleted_at ON tickets_comment FOR EACH ROW
    WHEN (OLD.ticket_id <> NEW.ticket_id OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL))
    EXECUTE FUNCTION helpdesk_tally_comment_changed();
CREATE TRIGGER tally_emptied AFTER TRUNCATE ON tickets_comment
    FOR EACH STATEMENT EXECUTE FUNCTION helpdesk_tally_emptied('comments');
"""
DROP_TRIGGERS = """
DROP TRIGGER tally_emptied ON tickets_comment;
DROP TRIGGER tally_changed ON tickets_comment;
DROP TRIGGER tally_removed ON tickets_comment;
DROP TRIGGER tally_added ON tickets_comment;
DROP TRIGGER tally_emptied ON tickets_ticket;
DROP TRIGGER tally_deleted ON tickets_ticket;
DROP TRIGGER tally_removed ON tickets_ticket;
DROP TRIGGER tally_added ON tickets_ticket;
"""

EXISTING = """
INSERT INTO tickets_tally (of, number) SELECT 'tickets', count(*) FROM tickets_ticket WHERE deleted_at IS NULL;
INSERT INTO tickets_tally (of, number)
SELECT 'comments', count(*) FROM tickets_comment AS comment JOIN tickets_ticket AS ticket ON ticket.id = ticket_id
 WHERE comment.deleted_at IS NULL AND ticket.deleted_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0012_counted_by_indexes")]

    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("of", models.CharField(choices=[("tickets", "Tickets"), ("comments", "Comments")], max_length=8)),
                ("number", models.BigIntegerField()),
            ],
            options={"verbose_name": "tally"},
        ),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
        migrations.RunSQL(EXISTING, migrations.RunSQL.noop),
    ]
