"""What a page from elsewhere may do with the API. Which pages that is, ALLOWED_ORIGINS says, for sockets as well."""

# Tokens travel in a header, which a page has to know. With cookies it would be enough that somebody looks at the page.
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CORS_ALLOW_HEADERS = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Range",
    "X-Request-ID",
)
# What we say in headers; a page's script would see nothing of it. A test finds all that the code sets.
CORS_EXPOSE_HEADERS = (
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Event-Cursor",
    "X-Request-ID",
)
# Browsers ask again after two hours at the latest, whatever they are told.
CORS_PREFLIGHT_MAX_AGE = 2 * 60 * 60
