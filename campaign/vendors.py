"""The four vendors' stand-ins, in this process: what an installation of a campaign talks to."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sandbox import CrezcoSandbox, Sandbox, StripeSandbox, TwilioSandbox

CREZCO_SECRET = "a-word-in-the-address"


@dataclass(frozen=True)
class Vendors:
    """``site`` is the address of the installation, where their news go."""

    site: str
    quickbooks: Sandbox
    stripe: StripeSandbox
    crezco: CrezcoSandbox
    twilio: TwilioSandbox

    @property
    def crezco_callback(self) -> str:
        return f"{self.site}/webhooks/crezco/{CREZCO_SECRET}/"


@contextmanager
def vendors_for(site: str) -> Iterator[Vendors]:
    """All four, answering; nobody is told of anything before trouble begins."""
    with ExitStack() as doors:
        yield Vendors(
            site,
            doors.enter_context(Sandbox()),
            doors.enter_context(StripeSandbox()),
            doors.enter_context(CrezcoSandbox()),
            doors.enter_context(TwilioSandbox()),
        )
