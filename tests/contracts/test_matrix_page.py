"""The page that shows the table of who gets what is written from the table.

`WRITE_PAGES=1 ./run test tests/contracts/test_matrix_page.py` writes it.
"""

import os

from tests.contracts.test_matrix import MATRIX, METHODS, ROLES
from tests.docs.pages import REFERENCE

PAGE = REFERENCE / "matrix.md"
HEAD = """# Who gets what

Every address of the service by every method, as it is asked by somebody without a token, a customer, an agent and an admin. The ticket is the customer's own, and so is the comment on it;
what belongs to somebody else is 404 for a customer.

**{size}**

A method that is not listed is 405, below `/api/` 401 without a token. `HEAD` is `GET`; `OPTIONS` is 204. The same holds below `/api/v1/`.

An address that stands in the URL configuration and not here, or here and not in the description of the API, fails the suite (`tests/contracts/test_matrix.py`, `test_matrix_schema.py`). The pages of the admin are for admins alone, all of
them (`tests/admin/test_entering.py`).

This page is written by the test that checks it:

```console
WRITE_PAGES=1 ./run test tests/contracts/test_matrix_page.py
```

| Address | Method | {roles} |
| --- | --- | --- | --- | --- | --- |
"""


def size() -> str:
    routes, methods, callers = len(MATRIX), len(METHODS), len(ROLES)
    return f"{routes} addresses by {methods} methods for {callers} callers: {routes * methods * callers} answers."


def page() -> str:
    rows = [
        f"| `{route}` | `{method}` | {' | '.join(map(str, statuses))} |\n"
        for route, by_method in MATRIX.items()
        for method, statuses in by_method.items()
    ]
    return HEAD.format(size=size(), roles=" | ".join(ROLES)) + "".join(rows)


def test_the_page_shows_the_table() -> None:
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(page())
    print(size())
    assert PAGE.read_text() == page(), "WRITE_PAGES=1 ./run test tests/contracts/test_matrix_page.py"
