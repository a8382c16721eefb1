"""Argon2id at the cost that OWASP names as its minimum: Django's defaults take 100 MiB a login."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
