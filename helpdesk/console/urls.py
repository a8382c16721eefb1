from django.urls import URLPattern, path
from django.views.generic import RedirectView

from helpdesk.console import views

urlpatterns: list[URLPattern] = [
    path("console", RedirectView.as_view(pattern_name="console")),
    path("console/", views.page, name="console"),
]
