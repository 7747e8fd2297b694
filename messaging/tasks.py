"""What the queue runs. Rows carry the state, so each may run twice or not at all."""

from django_q.tasks import async_task

from messaging import delivery, notices
from messaging.models import Message


def deliver(channel: str) -> None:
    """Hand over what waits; what is left after a while is for the next task."""
    if delivery.deliver_due(channel):
        async_task("messaging.tasks.deliver", channel, q_options={"save": False})


def sweep() -> None:
    """Every minute: what waited long enough, and what somebody died over."""
    for channel in (Message.Channel.TEXT, Message.Channel.EMAIL):
        delivery.look_for_lost(channel)
        deliver(channel)
    mail_staff()


def mail_staff() -> None:
    """At once when there is something to tell, and each minute: mail staff what they wait for."""
    notices.mail_waiting()


def prune() -> None:
    """Nightly: forget what staff were told long ago."""
    notices.prune()
