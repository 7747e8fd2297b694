"""Stripe's API by its own library, always with a time limit; what goes wrong is sorted by what we do next."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings

from integrations.errors import Rejected, Transient

if TYPE_CHECKING:
    from stripe import StripeClient

VENDOR = "Stripe"
AWAY = "Stripe gives no usable answer just now. It is tried again by itself."
SECONDS = 20.0
RETRIES = 2
BUSY = 409  # another request with the same key is under way


def client() -> "StripeClient":
    import stripe  # half a second that only those need who are paid by it

    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": settings.STRIPE_API_URL},
        http_client=stripe.RequestsClient(timeout=SECONDS),
        max_network_retries=RETRIES,
    )


@contextmanager
def errors() -> Iterator[None]:
    """Stripe's errors as ours."""
    import stripe

    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise Transient(AWAY, detail=_words(error), vendor=VENDOR) from None
    except stripe.AuthenticationError as error:
        raise Rejected("Stripe does not accept STRIPE_SECRET_KEY.", detail=_words(error), vendor=VENDOR) from None
    except stripe.StripeError as error:
        if (error.http_status or 500) >= 500 or error.http_status == BUSY:
            raise Transient(AWAY, vendor=VENDOR, status=error.http_status) from None
        raise Rejected("Stripe refused this.", code=error.code or "", detail=_words(error), vendor=VENDOR) from None


def noted(on: Any, name: str) -> str:
    """What stands under a name in an object's metadata; "" for nothing. A StripeObject is no dict."""
    return str(on.metadata[name]) if on.metadata and name in on.metadata else ""


def _words(error: Exception) -> str:
    return str(getattr(error, "user_message", None) or type(error).__name__)
