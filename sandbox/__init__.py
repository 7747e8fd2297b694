"""Stand-ins of QuickBooks Online, Stripe, Crezco and Twilio for development, tests and benchmarks, by the wire alone.

with Sandbox() as sandbox:
    company = sandbox.company("us")
    customer = company.create("Customer", {"DisplayName": "Ada Byron"})

with StripeSandbox(webhook_url=url) as stripe:
    client = StripeClient(stripe.secret_key, base_addresses={"api": stripe.url})

with CrezcoSandbox() as crezco:
    requests.post(f"{crezco.url}/v1/webhooks", headers={"X-Crezco-Key": crezco.api_key}, json={...})

with TwilioSandbox(inbound_url=url) as twilio:
    twilio.phone("+14155550100").reply("Thank you!")
"""

from .crezco.stand_in import CrezcoSandbox
from .faults import fault
from .quickbooks.company import Company
from .quickbooks.errors import Fault
from .quickbooks.notices import Notice
from .quickbooks.seed import Size
from .stand_in import LogEntry, Sandbox
from .stripe.stand_in import StripeSandbox
from .twilio.stand_in import TwilioSandbox

__all__ = [
    "Company",
    "CrezcoSandbox",
    "Fault",
    "LogEntry",
    "Notice",
    "Sandbox",
    "Size",
    "StripeSandbox",
    "TwilioSandbox",
    "fault",
]
