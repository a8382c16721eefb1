"""Every address that is not a socket."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config import api_router
from helpdesk.api import urls as api
from helpdesk.console import urls as console

resources: list[URLPattern | URLResolver] = [*api.described, *api_router.urlpatterns]

_admin = settings.ADMIN_PATH.strip("/")

urlpatterns = [
    *api.service,
    *console.urlpatterns,
    path(_admin, RedirectView.as_view(pattern_name="admin:index")),
    path(f"{_admin}/", admin.site.urls),
    path("api/", include(resources)),
    path("api/v1/", include((resources, "v1"))),
]

handler400 = "helpdesk.api.errors.handler400"
handler403 = "helpdesk.api.errors.handler403"
handler404 = "helpdesk.api.errors.handler404"
handler500 = "helpdesk.api.errors.handler500"
