"""One Redis, three databases: flushing the cache loses neither queued tasks nor channel groups.

Standard library only: settings are made with it.
"""

from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit, urlunsplit


def channels_url(url: str) -> str:
    """Where the channel layer works, beside cache and limits at `url`: in the next database."""
    return _in_database(url, _database_of(url) + 1)


def celery_url(url: str) -> str:
    """Where Celery's broker works: in the database after that of the channels."""
    number = _database_of(url) + 2
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return _in_database(url, number)
    query = parse_qs(parts.query) | {"virtual_host": [str(number)]}
    query.pop("db", None)
    # Kombu reads a password here only.
    login = f":{quote(query.pop('password')[0], safe='')}@" if "password" in query else parts.netloc
    return f"redis+socket://{login}{parts.path}?{urlencode(query, doseq=True)}"


def beside(url: str, number: int) -> str:
    """The address of the cache for the `number`th of several that share a server: three databases each."""
    return _in_database(url, _database_of(url) + 3 * number)


def verified(url: str) -> str:
    """For Celery, which asks a server for its certificate and takes any, unless it is told to look at it."""
    parts = urlsplit(url)
    if parts.scheme != "rediss" or "ssl_cert_reqs" in parse_qs(parts.query):
        return url
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, "ssl_cert_reqs=required")))))


def for_redis(url: str) -> str:
    """Celery's name for a socket (`redis+socket://…?virtual_host=2`) as redis-py calls it; others as they are."""
    parts = urlsplit(url)
    if parts.scheme != "redis+socket":
        return url
    query = {"db": parse_qs(parts.query).get("virtual_host", ["0"])[-1]}
    if password := password_in(url):
        query["password"] = password
    return f"unix://{parts.path}?{urlencode(query)}"


def password_in(url: str) -> str:
    """Of `redis://:password@host` or `unix:///socket?password=…`; empty without one."""
    parts = urlsplit(url)
    return unquote(parts.password or "") or parse_qs(parts.query).get("password", [""])[0]


def place_of(url: str) -> str:
    """Where it leads, for people: host, port and database, or the socket's path; nothing that is secret."""
    parts = urlsplit(for_redis(url))
    host = parts.path if parts.scheme == "unix" else f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
    return f"{host}, database {_database_of(for_redis(url))}"


def _database_of(url: str) -> int:
    """As redis-py reads it: `db` in the query, else the path; 0 without either."""
    parts = urlsplit(url)
    path = parts.path.strip("/") if parts.scheme != "unix" else ""
    number = parse_qs(parts.query).get("db", [path])[0]
    return int(number) if number.isdecimal() else 0


def _in_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.scheme == "unix":
        # Spelled out: urlunsplit would drop the empty host.
        return f"unix://{parts.netloc}{parts.path}?{urlencode(query | {'db': [str(number)]}, doseq=True)}"
    query.pop("db", None)
    return urlunsplit(parts._replace(path=f"/{number}", query=urlencode(query, doseq=True)))
