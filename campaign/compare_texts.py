"""Texts that went out twice, or of which the two sides tell different things; each in a sentence."""

from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from messaging.models import Message
from sandbox import TwilioSandbox

Status = Message.Status
ENDS = (Status.SENT, Status.DELIVERED, Status.FAILED, Status.UNSURE)


def differences(twilio: TwilioSandbox) -> Iterator[str]:
    texts = Message.objects.filter(direction=Message.Direction.OUT, channel=Message.Channel.TEXT)
    sent = Counter(parse_qs(urlsplit(one.callback).query)["message"][0] for one in twilio.messages)
    yield from (f"message {key} went out {number} times" for key, number in sent.items() if number > 1)
    sids = {one.sid for one in twilio.messages}
    for message in texts:
        if message.status not in ENDS:
            yield f"message {message.pk} is {message.status}"
        if message.status in {Status.SENT, Status.DELIVERED} and message.reference not in sids:
            yield f"message {message.pk} is {message.status}, and Twilio does not know it"
    known = {str(key) for key in texts.values_list("key", flat=True)}
    yield from (f"a text went out of no message: {key}" for key in sent.keys() - known)
