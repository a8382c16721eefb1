"""One Redis, three databases: flushing the cache loses neither queued tasks nor channel groups."""

from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

_CHANNELS = 1
_CELERY = 2


def databases_of(url: str) -> dict[str, str]:
    """The addresses of the channel layer and of Celery, beside the given one of cache and limits."""
    return {"CHANNELS_REDIS_URL": _with_database(url, _CHANNELS), "CELERY_BROKER_URL": _for_celery(url, _CELERY)}


def _with_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.scheme == "unix":
        # Spelled out: urlunsplit would drop the empty host.
        return f"unix://{parts.netloc}{parts.path}?{urlencode(query | {'db': [str(number)]}, doseq=True)}"
    query.pop("db", None)
    return urlunsplit(parts._replace(path=f"/{number}", query=urlencode(query, doseq=True)))


def _for_celery(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={number}"
    return _with_database(url, number)
