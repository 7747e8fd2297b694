from __future__ import annotations
from typing import TYPE_CHECKING
from .http import Request, Response
from .pages import page
if TYPE_CHECKING:
    from .stand_in import Sandbox
def answer(sandbox: Sandbox, request: Request) -> Response | None:
    return Response.page(page("Sandbox", "")) if request.path == "/" else None
