"""One page asked for by many at once, how long each waited, and what came over the wire."""

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

AT_ONCE = 8  # as many as the server has threads: more would measure the queue before it


@dataclass(frozen=True)
class Load:
    """``waited`` are the seconds of each answer, ``seconds`` those of all together."""

    waited: list[float]
    seconds: float


def get_all(port: int, path: str, number: int) -> Load:
    """Each has a connection of its own, as behind a proxy."""
    start = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waited = list(pool.map(lambda _: get(port, path), range(number)))
    return Load(waited, time.perf_counter() - start)


def get(port: int, path: str) -> float:
    """Raises RuntimeError for any answer but 200."""
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} was answered with {response.status}.")
    finally:
        connection.close()
    return time.perf_counter() - start


def over_the_wire(port: int, path: str) -> bytes:
    """The whole answer as a browser gets it, head and all, before it is unpacked."""
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, br\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(asked.encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]
