"""Which proxies may say whom a request comes from, and by which scheme."""

from ipaddress import ip_network

from .env import env

# Addresses or networks: "10.203.7.2" or "10.0.0.0/8". Of everybody else, X-Forwarded-For and its like are not read.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", cast=ip_network, default=[])
