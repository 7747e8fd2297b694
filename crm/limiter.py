"""How often one address may do something, where allauth's own limits do not reach: they count no GET."""

import time

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


def too_often(request: HttpRequest, what: str, *, most: int, seconds: int = 60) -> bool:
    """Count one more; True once it is more than ``most`` in this stretch of ``seconds`` from this address.

    The count lives in the cache that all processes share. Two at the very same moment may count as one.
    """
    stretch = int(time.time()) // seconds
    key = f"limit:{what}:{get_adapter().get_client_ip(request)}:{stretch}"
    if cache.add(key, 1, seconds * 2):
        return most < 1
    try:
        return bool(cache.incr(key) > most)
    except ValueError:  # it ended between the two lines
        return False
