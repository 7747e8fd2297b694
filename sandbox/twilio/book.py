"""All messages of one account and what is known of phones: changed in whole steps, each kept before it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from threading import RLock
from typing import Any

from ..state import StateFile
from .numbers import MAGIC, ORDINARY, TRAITS, Trait

REALM = "twilio"
UNDER_WAY = ("accepted", "queued", "sent")


@dataclass(frozen=True)
class Message:
    """One text as it is now; the book puts a changed one in its place."""

    sid: str
    to: str
    sender: str  # "" until a service has chosen one
    body: str
    direction: str  # outbound-api, outbound-reply (Twilio's own answers) or inbound
    status: str
    service: str = ""
    segments: int = 0
    callback: str = ""
    error_code: int | None = None
    error_message: str | None = None
    opt_out_type: str = ""
    created: float = 0.0
    updated: float = 0.0
    sent: float | None = None
    number: int = 0  # the order they were made in

    @property
    def is_inbound(self) -> bool:
        return self.direction == "inbound"

    @property
    def phone(self) -> str:
        """The number that is not ours."""
        return self.sender if self.is_inbound else self.to

    @property
    def has_arrived(self) -> bool:
        """Whether its reader can see it: a carrier that does not report may deliver all the same."""
        return self.is_inbound or self.status in ("sent", "delivered")


class Book:
    """Messages by sid, in the order they were made; traits of numbers; who has opted out of which sender."""

    def __init__(self, state: StateFile | None = None) -> None:
        self.state = state
        self.lock = RLock()
        self.messages: dict[str, Message] = {}
        self.traits: dict[str, str] = {}
        self.opt_outs: set[tuple[str, str]] = set()  # (one of ours, a phone)
        if state:
            self._load(state)

    def _load(self, state: StateFile) -> None:
        rows, _ = state.read(REALM)
        known = [Message(**json.loads(text)) for entity, _, text in rows if entity == "message"]
        self.messages = {one.sid: one for one in sorted(known, key=lambda one: one.number)}
        self.traits = {pk: json.loads(text) for entity, pk, text in rows if entity == "trait"}
        self.opt_outs = {(one, two) for one, two in state.kept(f"{REALM}/opt_outs") or []}

    # -- changing --

    def put(self, message: Message) -> Message:
        """A new message, or a new state of an old one."""
        with self.lock:
            before = self.messages.get(message.sid)
            number = before.number if before else len(self.messages) + 1
            message = replace(message, number=number, updated=time.time())
            if self.state:
                self.state.write(REALM, {("message", message.sid): json.dumps(asdict(message))}, {})
            self.messages[message.sid] = message
            return message

    def edit(self, sid: str, **changes: Any) -> Message:
        """A message with some values changed."""
        with self.lock:
            return self.put(replace(self.messages[sid], **changes))

    def set_trait(self, number: str, trait: str) -> None:
        """What becomes of texts to a number from now on; ValueError when there is no such trait."""
        if trait not in TRAITS:
            raise ValueError(f"there is no trait {trait!r}")
        with self.lock:
            self.traits[number] = trait
            if self.state:
                self.state.write(REALM, {("trait", number): json.dumps(trait)}, {})

    def opt_out(self, ours: Iterable[str], phone: str, is_out: bool) -> None:
        """A phone wants no more texts from these numbers of ours, or wants them again."""
        pairs = {(one, phone) for one in ours}
        with self.lock:
            self.opt_outs = self.opt_outs | pairs if is_out else self.opt_outs - pairs
            if self.state:
                self.state.keep(f"{REALM}/opt_outs", sorted(self.opt_outs))

    # -- looking --

    def trait_name(self, number: str) -> str:
        return self.traits.get(number) or MAGIC.get(number, ORDINARY)

    def trait(self, number: str) -> Trait:
        """What becomes of texts to a number."""
        return TRAITS[self.trait_name(number)]

    def is_opted_out(self, ours: Iterable[str], phone: str) -> bool:
        return any((one, phone) in self.opt_outs for one in ours)

    def all(self) -> list[Message]:
        """All messages, oldest first."""
        with self.lock:
            return list(self.messages.values())

    def thread(self, phone: str) -> list[Message]:
        """What was written to a phone and by it, oldest first."""
        return [one for one in self.all() if one.phone == phone]

    def phones(self) -> list[str]:
        """The phones that are known, those with the newest message first."""
        written = {one.phone: one.number for one in self.all()}
        known = sorted(written, key=written.__getitem__, reverse=True)
        with self.lock:
            return [*known, *(one for one in sorted(self.traits) if one not in written)]
