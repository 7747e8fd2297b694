from __future__ import annotations

from typing import TYPE_CHECKING

from ..http import Request, Response

if TYPE_CHECKING:
    from .stand_in import TwilioSandbox


def answer(sandbox: TwilioSandbox, request: Request) -> Response | None:
    return None
