"""A QuickBooks Online stand-in for development, tests and benchmarks: it speaks the wire and nothing else.

with Sandbox() as sandbox:
    company = sandbox.company("us")
    customer = company.create("Customer", {"DisplayName": "Ada Byron"})
"""

from .faults import fault
from .quickbooks.company import Company
from .quickbooks.errors import Fault
from .quickbooks.notices import Notice
from .quickbooks.seed import Size
from .stand_in import LogEntry, Sandbox

__all__ = ["Company", "Fault", "LogEntry", "Notice", "Sandbox", "Size", "fault"]
