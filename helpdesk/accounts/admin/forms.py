"""What one may type about people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordToggleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from helpdesk.accounts.models import User
from helpdesk.accounts.profile import PHONE, ZONES
from helpdesk.backoffice.forms import OperationForm

_LABELS = {
    "username": _("Username"),
    "name": _("Name"),
    "email": _("E-mail address"),
    "role": _("Role"),
    "is_active": _("Active"),
    "language": _("Language"),
    "email_verified": _("E-mail address verified"),
    "date_joined": _("Since"),
    "last_login": _("Last signed in here"),
}


def _password(**more: Any) -> forms.CharField:
    # Not called `password`: the model's own field of that name would put the hash on the page.
    widget = UnfoldAdminPasswordToggleWidget(attrs={"autocomplete": "new-password"})
    return forms.CharField(max_length=1024, strip=False, widget=widget, **more)


class NewPersonForm(OperationForm):
    new_password = _password(label=_("Password"))

    class Meta:
        model = User
        fields = ("username", "name", "email", "role", "language")
        labels = _LABELS
        help_texts = {"email": _("Also serves to sign in.")}


class PersonForm(OperationForm):
    new_password = _password(
        label=_("New password"),
        required=False,
        help_text=_("Empty: it stays as it is. A new one signs the person out everywhere."),
    )
    remove_second_factor = forms.BooleanField(
        label=_("Turn off the second factor"),
        required=False,
        help_text=_("For somebody who has lost the phone and the recovery codes."),
        widget=UnfoldBooleanSwitchWidget,
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=32, required=False, validators=[PHONE], widget=UnfoldAdminTextInputWidget()
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"), choices=[(zone, zone) for zone in sorted(ZONES)], widget=UnfoldAdminSelectWidget()
    )

    class Meta:
        model = User
        fields = ("name", "email", "role", "is_active", "language", "phone", "timezone")
        labels = _LABELS
        help_texts = {"is_active": _("People are never deleted: what they wrote stays theirs. Deactivate them.")}
