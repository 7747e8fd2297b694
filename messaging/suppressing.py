"""Which addresses get nothing, and why. The one place that writes it."""

from django.db import transaction

from crm import audit
from crm.models import Contact, User
from messaging.models import Message, Suppression

Reason = Suppression.Reason
WHY = {
    Reason.OPTED_OUT: "has asked for no more messages",
    Reason.NOT_MOBILE: "cannot get texts",
    Reason.BOUNCED: "does not take mail: it came back",
    Reason.COMPLAINED: "was reported as not wanting mail",
}


def why_suppressed(channel: str, address: str) -> str:
    """Why nothing goes to this address, as the end of a sentence; "" where something may."""
    row = Suppression.objects.of(channel, [address]).first()
    return WHY[Reason(row.reason)] if row else ""


@transaction.atomic
def suppress(
    channel: str, address: str, *, reason: str, words: str = "", origin: str, actor: User | None = None
) -> bool:
    """Send nothing to ``address`` any more; False where that was so already. An opt-out outweighs other reasons."""
    row, is_new = Suppression.objects.get_or_create(
        channel=channel, address=address, defaults={"reason": reason, "words": words[:300]}
    )
    if not is_new and (row.reason == reason or reason != Reason.OPTED_OUT):
        return False
    if not is_new:
        row.reason, row.words = reason, words[:300]
        row.save(update_fields=["reason", "words"])
    _record(channel, address, f"{address} {WHY[Reason(reason)]}", "contact.suppressed", origin, actor)
    return True


@transaction.atomic
def release(channel: str, address: str, *, reason: str, origin: str, actor: User | None = None) -> bool:
    """Let messages go to ``address`` again, if that was why they did not; True where something changed."""
    gone, _ = Suppression.objects.of(channel, [address]).filter(reason=reason).delete()
    if gone:
        _record(channel, address, f"{address} gets messages again", "contact.released", origin, actor)
    return bool(gone)


def _record(channel: str, address: str, text: str, verb: str, origin: str, actor: User | None) -> None:
    field = "phone" if channel == Message.Channel.TEXT else "email"
    contact = Contact.objects.recognised(field, [address]).first()
    audit.record("contact", contact, verb=verb, actor=actor, origin=origin, contact=contact, text=text)
