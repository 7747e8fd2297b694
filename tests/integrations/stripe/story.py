"""What stories of paying by card have in common."""

from collections.abc import Callable

from django.test import Client
from django.utils import timezone

from integrations import tasks
from integrations.models import QuickBooksConnection
from integrations.quickbooks.sync import drain, poll
from invoicing.links import link_for
from invoicing.models import Invoice
from sandbox.stripe.stand_in import StripeSandbox


def page_of(of: Invoice) -> str:
    return f"/i/{link_for(of).token}/"


def go_to_stripe(of: Invoice) -> str:
    answer = Client().post(f"{page_of(of)}pay/", {"gateway": "stripe"})
    assert answer.status_code == 302
    return answer["Location"]


def told(stripe: StripeSandbox) -> None:
    """Everything that Stripe has to say has arrived, and a worker has taken it over."""
    assert stripe.webhooks.wait_idle()
    tasks.take_gateway_events()


def follow(connection: QuickBooksConnection) -> Callable[[], None]:
    connection.contacts_imported_at = timezone.now()
    connection.save(update_fields=["contacts_imported_at"])

    def look() -> None:
        assert poll.poll(connection) == ""
        drain.drain(connection)

    return look
