"""How a message of each channel is handed over: a text through the socket, an email through Django's backend."""

from typing import Protocol

from messaging.models import Message
from messaging.transports import Receipt, get_text_transport

Channel = Message.Channel
EMAILS_PER_SECOND = 10.0


class Carrier(Protocol):
    def send(self, message: Message) -> Receipt:
        """Hand it over. Raises TransportError."""

    def find(self, message: Message) -> Receipt | None:
        """Whether it was handed over after all; None where that is not to be found out. Raises TransportError."""


class TextCarrier:
    def send(self, message: Message) -> Receipt:
        return get_text_transport().send(to=message.address, body=message.body, key=str(message.key))

    def find(self, message: Message) -> Receipt | None:
        known = Message.objects.filter(channel=Channel.TEXT, address=message.address).exclude(reference="")
        return get_text_transport().find(
            to=message.address,
            body=message.body,
            since=message.claimed_at or message.created_at,
            known=set(known.values_list("reference", flat=True)),
        )


def carrier_of(channel: str) -> Carrier:
    if channel == Channel.TEXT:
        return TextCarrier()
    from messaging.emails import EmailCarrier

    return EmailCarrier()


def per_second(channel: str) -> float:
    return get_text_transport().per_second if channel == Channel.TEXT else EMAILS_PER_SECOND
