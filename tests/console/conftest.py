from tests.admin.chromium import start_chromium  # noqa: F401 - a fixture
