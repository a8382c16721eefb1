from django.urls import URLPattern, path, re_path
from django.views.generic import RedirectView

from helpdesk.console import views

urlpatterns: list[URLPattern] = [
    re_path(r"^console$", RedirectView.as_view(pattern_name="console")),
    path("console/", views.page, name="console"),
]
