"""Signed webhooks of one event each, posted by many at once, and how long each waited for its answer."""

import http.client
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from sandbox.signing import signature

TOKEN = "a-verifier-token"  # noqa: S105 - it opens nothing but this benchmark
AT_ONCE = 50
PATH = "/webhooks/quickbooks/"


def post_all(port: int, number: int) -> list[float]:
    """Seconds that each answer took. Each post has a connection of its own, as behind a proxy."""
    bodies = [body(pk) for pk in range(number)]
    signed = [(one, signature(one, TOKEN)) for one in bodies]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda one: post(port, *one), signed))


def post(port: int, content: bytes, signed: str) -> float:
    """Raises RuntimeError for any answer but 200."""
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Content-Type": "application/json", "intuit-signature": signed, "Connection": "close"}
        connection.request("POST", PATH, content, headers)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"A webhook was answered with {response.status}.")
    finally:
        connection.close()
    return time.perf_counter() - start


def body(pk: int) -> bytes:
    event = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "intuit.YmVuY2g=",
        "type": "qbo.invoice.updated.v1",
        "datacontenttype": "application/json",
        "time": "2025-09-10T21:31:25.179851517Z",
        "intuitentityid": str(pk),
        "intuitaccountid": "310687",
        "data": {},
    }
    return json.dumps([event], separators=(",", ":")).encode()
