"""QuickBooks' webhooks: in one of two shapes, many events in a POST, again until somebody says 200."""

from __future__ import annotations

from collections.abc import Iterable

from .courier import Courier, Parcel
from .envelopes import ENVELOPES, body_of, headers_of
from .quickbooks.notices import Notice

VERIFIER_TOKEN = "sandbox-verifier-token"  # noqa: S105 - it opens nothing but the sandbox
PAUSES = (10.0, 20.0, 30.0, 300.0, 1200.0, 7200.0, 14400.0, 21600.0)  # Intuit's; the last one for ever after
PATIENCE = 3.0  # seconds Intuit waits for the 200
MOST = 100  # events in one POST


class Webhooks(Courier[Notice]):
    """Tells a URL on this machine what happened in the books.

    While a POST waits to be sent again, all later ones wait behind it.
    """

    def __init__(self, url: str | None = None, token: str = VERIFIER_TOKEN) -> None:
        super().__init__(url, pauses=PAUSES, patience=PATIENCE)
        self.token = token
        self.most = MOST
        self._envelope = "cloudevents"
        self.content_type = "application/json; charset=utf-8"

    @property
    def envelope(self) -> str:
        """``cloudevents`` or ``legacy``."""
        return self._envelope

    @envelope.setter
    def envelope(self, envelope: str) -> None:
        if envelope not in ENVELOPES:
            raise ValueError(f"There is no envelope {envelope!r}.")
        self._envelope = envelope

    def sample(self, notices: Iterable[Notice]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a POST that tells of these, signed and not sent."""
        body = body_of(notices, self.envelope)
        return body, headers_of(body, self.token, self.content_type)

    def is_yes(self, status: int) -> bool:
        """Only 200 will do."""
        return status == 200

    def fits(self, parcel: Parcel[Notice], other: Parcel[Notice]) -> bool:
        """Whether both may share a POST: not too many, no event twice, and one company only in the older shape."""
        if len(parcel.notices) + len(other.notices) > min(self.batch, MOST):
            return False
        if {one.id for one in parcel.notices} & {one.id for one in other.notices}:
            return False
        return self.envelope != "legacy" or len({one.realm_id for one in parcel.notices + other.notices}) == 1
