"""Whom somebody may write to."""

from helpdesk.accounts.models import User
from tests.people import AdminFactory, AgentFactory, UserFactory


def test_agents_reach_everybody_active_and_customers_agents_only(db: None) -> None:
    customer, other, agent, admin = UserFactory(), UserFactory(), AgentFactory(), AdminFactory()
    gone, gone_agent = UserFactory(is_active=False), AgentFactory(is_active=False)
    people = {user.pk for user in (customer, other, agent, admin, gone, gone_agent)}

    def reached(user: User) -> set[int]:
        return set(User.objects.reachable_by(user).filter(pk__in=people).values_list("pk", flat=True))

    assert reached(customer) == {agent.pk, admin.pk}
    assert reached(agent) == {customer.pk, other.pk, admin.pk}
    assert reached(admin) == {customer.pk, other.pk, agent.pk}
    assert reached(gone) == reached(gone_agent) == set()
