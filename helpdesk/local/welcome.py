"""What a person sees when everything runs: where to go, as whom, and what to try."""

_TEXT = """
  Helpdesk is running. Ctrl-C stops everything.

    API           {url}/api/
    Swagger UI    {url}/api/docs/
    Redoc         {url}/api/redoc/
    Console       {url}/console/  (two people side by side)
    Admin         {url}/admin/  (sign in as admin)
    Mail          {mail_url}/
    Data, logs    {data}

    Logins        admin, agent_1 to agent_10, customer_1 to customer_50
    Password      testpass123

  Try next:

    curl -s {url}/api/auth/token/ -H 'Content-Type: application/json' \\
      -d '{{"username": "customer_1", "password": "testpass123"}}'
"""


def welcome(*, url: str, mail_url: str, data: str) -> str:
    return _TEXT.format(url=url, mail_url=mail_url, data=data)
