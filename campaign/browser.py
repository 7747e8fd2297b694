"""What a browser does, as far as it matters here: one request, and no redirect is followed by itself."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin, urlsplit

PATIENCE = 30.0
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """``status`` 0: none came, as when the server was killed. ``location``: where it leads, as a whole address."""

    status: int
    location: str = ""


@dataclass(frozen=True)
class Browser:
    """``address`` is where it is in the world; the proxy in front of the installation tells it."""

    address: str
    cookies: Mapping[str, str]

    def get(self, url: str) -> Answer:
        return self._ask("GET", url)

    def post(self, url: str, **form: str) -> Answer:
        return self._ask("POST", url, urlencode(form))

    def _ask(self, method: str, url: str, body: str | None = None) -> Answer:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        headers = {"X-Forwarded-For": self.address, **({"Content-Type": FORM} if body is not None else {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, headers)
            answer = connection.getresponse()
            answer.read()
            return Answer(answer.status, urljoin(url, answer.headers.get("Location", "")))
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            connection.close()
