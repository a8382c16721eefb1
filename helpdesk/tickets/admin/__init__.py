"""Tickets in the admin, with their comments, and the dashboard."""

from django.contrib import admin

from helpdesk.tickets.admin.tickets import TicketAdmin
from helpdesk.tickets.models import Ticket

admin.site.register(Ticket, TicketAdmin)
