"""The last step of every HTML part: whatever a template let through, nothing but this is left.

Never for plain text, which has no markup and would be garbled: `a < b` would come out as `a &lt; b`.
"""

from collections.abc import Callable
from typing import Final

import nh3
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

# What the templates use, and no more: no image, form, table or frame, and nothing that has a name or a class.
TAGS: Final = frozenset({"a", "div", "h1", "hr", "p"})
ATTRIBUTES: Final = {"a": {"href"}, "div": {"style"}, "h1": {"style"}, "hr": {"style"}, "p": {"style"}}
STYLES: Final = frozenset({"border", "border-top", "color", "font-size", "white-space"})
SCHEMES: Final = frozenset({"http", "https"})
# Their content goes too: it is no text for people.
SILENT: Final = frozenset({"script", "style", "title", "template", "noscript", "iframe", "svg", "math"})

_DOCUMENT: Final = """\
<!doctype html>
<html lang="{}">
<head><meta charset="utf-8"><title>{}</title></head>
<body style="margin:0 auto;max-width:40em;padding:1em;font-family:sans-serif;line-height:1.5;color:#222">
{}
</body>
</html>
"""


def document(body: str, *, title: str, language: str) -> SafeString:
    """The page around what is left of the body; it has a language and a title, and no other part of anybody's."""
    return format_html(_DOCUMENT, language, title, mark_safe(clean(body)))  # noqa: S308 - clean by now


def clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=_links_to(settings.PUBLIC_URL.rstrip("/")),
        clean_content_tags=set(SILENT),
        filter_style_properties=set(STYLES),
        url_schemes=set(SCHEMES),
        url_relative="deny",
        link_rel="noopener noreferrer",
    ).strip()


def _links_to(home: str) -> Callable[[str, str, str], str | None]:
    """Links lead home, or nowhere: mails of a help desk are what people who fish for passwords imitate."""

    def keep(_tag: str, attribute: str, value: str) -> str | None:
        leads_home = value.startswith(home) and value[len(home) :][:1] in {"", "/", "?", "#"}
        return value if attribute != "href" or leads_home else None

    return keep
