"""Twilio's webhooks: a signed form to the address that each text names, once, whatever is answered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ..courier import Courier, checked

PATIENCE = 15.0


@dataclass(frozen=True)
class Post:
    """A form on its way. However often it is sent, its id stays."""

    url: str
    form: Mapping[str, str]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class TwilioWebhooks(Courier[Post]):
    """Brings forms to addresses on this machine; others are never called. ``told`` has all of them, called or not."""

    in_order = False
    for_ever = False

    def __init__(self, token: str) -> None:
        super().__init__(None, pauses=(), patience=PATIENCE, senders=2)
        self.token = token
        self.told: deque[Post] = deque(maxlen=5000)

    def tell(self, url: str, form: Mapping[str, str]) -> None:
        """Bring a form to an address; to none when it is empty."""
        if not url:
            return
        post = Post(url, form)
        self.told.append(post)
        self.bring(post)

    def bring(self, post: Post) -> bool:
        """Send a form, or send it again; False when its address is not on this machine."""
        try:
            checked(post.url)
        except ValueError:
            return False
        self.accept([post])
        return True

    @property
    def has_address(self) -> bool:
        """Each form has its own."""
        return True

    def address_of(self, notices: Iterable[Post]) -> str:
        """Where this form goes."""
        [post] = notices
        return post.url

    def sample(self, notices: Iterable[Post]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a POST, signed and not sent."""
        [post] = notices
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": signature(post.url, post.form, self.token),
            "i-twilio-idempotency-token": post.id,
            "accept": "*/*",
            "user-agent": "TwilioProxy/1.1",
        }
        return urlencode(post.form).encode(), headers


def signature(url: str, form: Mapping[str, str], token: str) -> str:
    """Base64 of the HMAC-SHA1 of the whole address and all names and values of the form, sorted by name."""
    told = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), told.encode(), hashlib.sha1).digest()).decode("ascii")
