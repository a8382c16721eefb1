"""The roles page is the table of grants."""

from helpdesk.accounts.roles import GRANTS, Permission
from tests.docs.pages import REFERENCE, code, rows


def test_the_roles_page_is_the_table_of_grants():
    told = {
        code(permission)[0]: [answer == "yes" for answer in answers]
        for permission, _what, *answers in rows(REFERENCE / "roles.md", first="Permission")
    }

    assert told == {str(p): [p in granted for granted in GRANTS.values()] for p in Permission}
