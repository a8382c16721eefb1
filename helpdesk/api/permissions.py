"""May this role do this? Each view carries a table; here it is asked."""

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from helpdesk.api.views import Conventions


class RolePermission(BasePermission):
    """Asks the view's `permissions`: for one row, only after it was found (404 comes before 403)."""

    def has_permission(self, request: Request, view: "Conventions") -> bool:  # type: ignore[override]
        return view.about_one_row or self._may(request, view)

    def has_object_permission(self, request: Request, view: "Conventions", obj: Any) -> bool:  # type: ignore[override] # noqa: ARG002
        view.role_was_asked = True
        return self._may(request, view)

    @staticmethod
    def _may(request: Request, view: "Conventions") -> bool:
        # An action without a line in the table is a mistake of ours: KeyError, never an open door.
        permission = view.permissions[view.action]
        user: Any = request.user
        return permission is None or user.may(permission)
