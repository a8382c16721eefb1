"""DRF and its description: JSON only, errors as problems, the conventions of `helpdesk.api`."""

from typing import Any

from helpdesk.core.integers import LARGEST_INTEGER

from .env import LARGEST, env, within

API_MAX_BODY_BYTES = env("API_MAX_BODY_BYTES", cast=within(1, LARGEST), default=1024 * 1024)
# Schema and docs are open to everybody; a deployment may keep them for itself.
API_DOCS_PUBLIC = env.bool("API_DOCS_PUBLIC", default=True)
# A page for developers; who has none of the demo's people has no use for it.
CONSOLE_ENABLED = env.bool("CONSOLE_ENABLED", default=False)

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["helpdesk.accounts.authentication.JWTAuthentication"],
    "DEFAULT_PARSER_CLASSES": ["helpdesk.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["helpdesk.api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "helpdesk.api.negotiation.Negotiation",
    "DEFAULT_PAGINATION_CLASS": "helpdesk.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "helpdesk.api.schema.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "helpdesk.api.errors.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["helpdesk.api.renderers.JSONRenderer"],
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Helpdesk",
    "DESCRIPTION": (
        "A headless help desk. Sign in at `POST /api/auth/token/` and send `Authorization: Bearer <access>`. "
        "Errors are `application/problem+json` (RFC 9457), and `code` is stable. Lists come in pages; follow `next`."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": True, "validatorUrl": None},
    "REDOC_UI_SETTINGS": {"hideDownloadButton": False},
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {"AssignmentEnum": "helpdesk.tickets.enums.Assignment"},
    "PATH_CONVERTER_OVERRIDES": {
        "id": {"type": "integer", "minimum": 1, "maximum": LARGEST_INTEGER},
        "key": {"type": "string", "format": "uuid"},
    },
    "PREPROCESSING_HOOKS": ["helpdesk.api.schema.each_route_once"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "helpdesk.api.schema.components",
    ],
}
