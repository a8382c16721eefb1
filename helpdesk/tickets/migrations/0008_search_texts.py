"""The words of a ticket and its comments in a table of their own, for the public and for staff.

The functions are as immutable as those of the first migration. `helpdesk_refresh_texts` is the one place that knows how
a row is made of a ticket and its comments; `helpdesk_add_text` adds one comment, and must come to the same.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

FUNCTIONS = """
-- One line of words, with a space on either side of each.
CREATE FUNCTION helpdesk_line(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ' ' || public.helpdesk_words(value) || E' \\n'
$$;

-- The beginning, of so many bytes at most, and never half a character.
CREATE FUNCTION helpdesk_cut(value text, bytes int) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE
        WHEN bytes <= 0 THEN ''
        WHEN octet_length(value) <= bytes THEN value
        ELSE convert_from(
            substring(
                convert_to(value, 'UTF8') FOR bytes - (
                    SELECT min(back) FROM generate_series(0, least(bytes, 3)) AS back
                     WHERE get_byte(convert_to(value, 'UTF8'), bytes - back) & 192 <> 128
                )
            ),
            'UTF8'
        )
    END
$$;

-- Of a longer word than a search may be, the beginning will do: a lexeme has no more than 2,046 bytes.
CREATE FUNCTION helpdesk_lexemes(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_to_tsvector(
        ARRAY(
            SELECT left(word, 500) FROM unnest(string_to_array(translate(words, E'\\n', ' '), ' ')) AS word
             WHERE word <> ''
        )
    )
$$;

-- A folded title from each of its letters on, up to the next space. No word begins with the sign in front.
CREATE FUNCTION helpdesk_endings(title text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_to_tsvector(
        ARRAY(
            SELECT '~' || substr(part, start, 50)
              FROM unnest(regexp_split_to_array(left(title, 1000), '[[:space:]]+')) AS part,
                   generate_series(1, length(part)) AS start
        )
    )
$$;

-- One bare word of a search: it, or its parts, at the beginning of words; without any, what no text has.
CREATE FUNCTION helpdesk_search_parts(value text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(left(word, 500) || ':*', ' & '), '''~''')::tsquery
      FROM unnest(string_to_array(public.helpdesk_words(value), ' ')) AS word
     WHERE word <> ''
$$;

-- The same, or inside a title.
CREATE OR REPLACE FUNCTION helpdesk_search_word(value text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT concat_ws(
        ' | ',
        public.helpdesk_search_parts(value)::text,
        '''~' || replace(replace(left(public.helpdesk_fold(value), 50), '\\', '\\\\'), '''', '''''') || ''':*'
    )::tsquery
$$;

-- All the words of a phrase, and nothing longer.
CREATE FUNCTION helpdesk_search_phrase(value text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(left(word, 500), ' & '), '''~''')::tsquery
      FROM unnest(string_to_array(public.helpdesk_words(value), ' ')) AS word
     WHERE word <> ''
$$;

-- A phrase as it stands in a line.
CREATE FUNCTION helpdesk_phrase(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ' ' || public.helpdesk_words(value) || ' '
$$;

-- How well a ticket answers the words of a search: four for one that is a word of the title, two inside the title, one
-- in the description.
CREATE FUNCTION helpdesk_relevance(title text, public_words text, wanted text[]) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(
        sum(
            CASE
                WHEN strpos(public.helpdesk_line(title), public.helpdesk_phrase(word)) > 0 THEN 4
                WHEN strpos(title, public.helpdesk_fold(word)) > 0 THEN 2
                WHEN strpos(split_part(public_words, E'\\n', 2), ' ' || public.helpdesk_words(word)) > 0 THEN 1
                ELSE 0
            END
        ),
        0
    )
      FROM unnest(wanted) AS word
$$;
"""
DROP = """
DROP FUNCTION helpdesk_relevance(text, text, text[]);
DROP FUNCTION helpdesk_phrase(text);
DROP FUNCTION helpdesk_search_phrase(text);
CREATE OR REPLACE FUNCTION helpdesk_search_word(value text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (replace(nullif(public.helpdesk_words(value), ''), ' ', ':* & ') || ':*')::tsquery
$$;
DROP FUNCTION helpdesk_search_parts(text);
DROP FUNCTION helpdesk_endings(text);
DROP FUNCTION helpdesk_lexemes(text);
DROP FUNCTION helpdesk_cut(text, int);
DROP FUNCTION helpdesk_line(text);
"""

# Written by `LANGUAGE sql` functions, so that a migration and the operations say the same.
WRITING = """
-- Rows anew from the tickets and such comments of theirs as are given; none of them is deleted. So many bytes
-- are kept of the public words, and of the notes', that both vectors stay below the megabyte that one may have.
CREATE FUNCTION helpdesk_refresh_texts(tickets bigint[], comments bigint[]) RETURNS void LANGUAGE sql AS $$
    WITH said AS (
        SELECT ticket_id,
               string_agg(helpdesk_line(content), '' ORDER BY created_at, id) FILTER (WHERE NOT is_internal) AS public,
               string_agg(helpdesk_line(content), '' ORDER BY created_at, id) FILTER (WHERE is_internal) AS notes
          FROM tickets_comment
         WHERE id = ANY(comments)
         GROUP BY ticket_id
    ), words AS MATERIALIZED (
        SELECT ticket.id AS ticket_id,
               helpdesk_fold(title) AS title,
               helpdesk_cut(
                   helpdesk_line(title) || helpdesk_line(description) || coalesce(said.public, ''), 400000
               ) AS public_words,
               helpdesk_cut(coalesce(said.notes, ''), 400000) AS notes_words
          FROM tickets_ticket AS ticket LEFT JOIN said ON said.ticket_id = ticket.id
         WHERE ticket.id = ANY(tickets)
    ), vectors AS MATERIALIZED (
        SELECT *, helpdesk_endings(title) || helpdesk_lexemes(public_words) AS public FROM words
    )
    INSERT INTO tickets_tickettext (ticket_id, title, public_words, notes_words, public, staff)
    SELECT ticket_id, title, public_words, notes_words, public,
           CASE WHEN notes_words = '' THEN public ELSE public || helpdesk_lexemes(notes_words) END
      FROM vectors
        ON CONFLICT (ticket_id) DO UPDATE
       SET title = excluded.title, public_words = excluded.public_words, notes_words = excluded.notes_words,
           public = excluded.public, staff = excluded.staff
$$;

-- One more comment, the last of its ticket's; nothing is written where there is no room left.
CREATE FUNCTION helpdesk_add_text(ticket bigint, content text, is_internal boolean) RETURNS void LANGUAGE sql AS $$
    UPDATE tickets_tickettext
       SET public_words = CASE WHEN is_internal THEN public_words ELSE public_words || new.words END,
           notes_words = CASE WHEN is_internal THEN notes_words || new.words ELSE notes_words END,
           public = CASE WHEN is_internal THEN public ELSE public || new.lexemes END,
           staff = staff || new.lexemes
      FROM (
            SELECT words, helpdesk_lexemes(words) AS lexemes
              FROM (
                    SELECT helpdesk_cut(
                               helpdesk_line(content),
                               400000 - octet_length(kept)
                           ) AS words
                      FROM tickets_tickettext,
                           LATERAL (SELECT CASE WHEN is_internal THEN notes_words ELSE public_words END AS kept) AS kept
                     -- What was cut does not end with its line.
                     WHERE ticket_id = ticket AND (kept = '' OR right(kept, 1) = E'\\n')
                    OFFSET 0
                   ) AS cut
            OFFSET 0
           ) AS new
     WHERE ticket_id = ticket AND new.words <> ''
$$;
"""
DROP_WRITING = """
DROP FUNCTION helpdesk_add_text(bigint, text, boolean);
DROP FUNCTION helpdesk_refresh_texts(bigint[], bigint[]);
"""

EXISTING = """
SELECT helpdesk_refresh_texts(
    ARRAY(SELECT id FROM tickets_ticket), ARRAY(SELECT id FROM tickets_comment WHERE deleted_at IS NULL)
)
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0007_links_provenance")]

    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="ticket", name="ticket_search"),
        migrations.RemoveIndex(model_name="ticket", name="ticket_title_trigram"),
        migrations.RemoveField(model_name="ticket", name="folded_title"),
        migrations.RemoveField(model_name="ticket", name="search"),
        migrations.RunSQL(FUNCTIONS, DROP),
        migrations.CreateModel(
            name="TicketText",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="text",
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                ("title", models.TextField()),
                ("public_words", models.TextField()),
                ("notes_words", models.TextField()),
                ("public", django.contrib.postgres.search.SearchVectorField()),
                ("staff", django.contrib.postgres.search.SearchVectorField()),
            ],
        ),
        migrations.RunSQL(WRITING, DROP_WRITING),
        migrations.RunSQL(EXISTING, migrations.RunSQL.noop),
        # After the rows: to sort all of them at once is faster than one by one.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="tickettext",
            index=django.contrib.postgres.indexes.GinIndex("public", name="ticket_text_public", fastupdate=False),
        ),
        migrations.AddIndex(
            model_name="tickettext",
            index=django.contrib.postgres.indexes.GinIndex("staff", name="ticket_text_staff", fastupdate=False),
        ),
    ]
