"""Every address that is not a socket."""

from django.urls import URLPattern, URLResolver, include, path

from config import api_router
from helpdesk.api import urls as api

resources: list[URLPattern | URLResolver] = [*api.described, *api_router.urlpatterns]

urlpatterns = [
    *api.service,
    path("api/", include(resources)),
    path("api/v1/", include((resources, "v1"))),
]

handler400 = "helpdesk.api.errors.handler400"
handler403 = "helpdesk.api.errors.handler403"
handler404 = "helpdesk.api.errors.handler404"
handler500 = "helpdesk.api.errors.handler500"
