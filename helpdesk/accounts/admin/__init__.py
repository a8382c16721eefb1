"""People in the admin."""

from django.contrib import admin
from django.contrib.auth.models import Group

from helpdesk.accounts.admin.people import PeopleAdmin
from helpdesk.accounts.models import User

admin.site.register(User, PeopleAdmin)
# Django registers it by itself. What a role may do is one table, `accounts/roles.py`.
admin.site.unregister(Group)
