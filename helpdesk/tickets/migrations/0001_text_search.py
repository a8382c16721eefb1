"""Functions that stand in indexes and generated columns, so they must be immutable.

`unaccent()` is not, because its dictionary is looked up by name in the search path: with schema and dictionary spelled out, the
result depends on nothing else.
"""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION helpdesk_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(public.unaccent('public.unaccent'::regdictionary, value))
$$;

-- Everything but letters and digits becomes a space.
CREATE FUNCTION helpdesk_words(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT trim(regexp_replace(public.helpdesk_fold(value), '[^[:alnum:]]+', ' ', 'g'))
$$;

-- What to_tsvector('simple') would make of these words, were it not for its parser, which cuts 3e8f12 in two. Of a longer
-- word than a search may be, the beginning will do: a lexeme has no more than 2,046 bytes.
CREATE FUNCTION helpdesk_search_document(value text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_to_tsvector(
        ARRAY(SELECT left(word, 500) FROM unnest(string_to_array(public.helpdesk_words(value), ' ')) AS word)
    )
$$;

-- One bare word of a search: it, or its parts, at the beginning of words; null for a word without letters or digits.
CREATE FUNCTION helpdesk_search_word(value text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (replace(nullif(public.helpdesk_words(value), ''), ' ', ':* & ') || ':*')::tsquery
$$;
"""
DROP = """
DROP FUNCTION helpdesk_search_word(text);
DROP FUNCTION helpdesk_search_document(text);
DROP FUNCTION helpdesk_words(text);
DROP FUNCTION helpdesk_fold(text);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [UnaccentExtension(), TrigramExtension(), migrations.RunSQL(FUNCTIONS, DROP)]
