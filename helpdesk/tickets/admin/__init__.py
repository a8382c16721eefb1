"""Tickets in the admin, with their comments, what they are filed under, who takes how much, and the dashboard.

Drafts are not here: what somebody has begun to write is for nobody else's eyes before it is sent. Nor are the keys that
make a repeated request the same one (`helpdesk/api/models.py`): their rows hold whole answers, and nobody mends them.
"""

from django.contrib import admin

from helpdesk.tickets.admin.catalog import CategoryAdmin, TagAdmin, TeamAdmin
from helpdesk.tickets.admin.decisions import DecisionAdmin
from helpdesk.tickets.admin.tickets import TicketAdmin
from helpdesk.tickets.admin.timers import TimerAdmin
from helpdesk.tickets.admin.workloads import WorkloadAdmin
from helpdesk.tickets.models import AssignmentDecision, Category, Tag, Team, Ticket, Timer, Workload

admin.site.register(Ticket, TicketAdmin)
admin.site.register(Category, CategoryAdmin)
admin.site.register(Tag, TagAdmin)
admin.site.register(Team, TeamAdmin)
admin.site.register(Workload, WorkloadAdmin)
admin.site.register(AssignmentDecision, DecisionAdmin)
admin.site.register(Timer, TimerAdmin)
