"""Tickets in the admin, with their comments, what they are filed under, and the dashboard."""

from django.contrib import admin

from helpdesk.tickets.admin.catalog import CategoryAdmin, TagAdmin, TeamAdmin
from helpdesk.tickets.admin.tickets import TicketAdmin
from helpdesk.tickets.models import Category, Tag, Team, Ticket

admin.site.register(Ticket, TicketAdmin)
admin.site.register(Category, CategoryAdmin)
admin.site.register(Tag, TagAdmin)
admin.site.register(Team, TeamAdmin)
