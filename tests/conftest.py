"""The fixtures of every test. (Named with `-p` they would be imported before Django is set up.)"""

pytest_plugins = ["tests.people", "tests.canaries", "tests.servers.fixtures", "tests.own_valkey", "tests.wire"]
