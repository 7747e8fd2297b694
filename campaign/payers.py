"""Payers: who opens an invoice's page, presses pay, and then does anything but what one expects."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from campaign.browser import Answer, Browser
from campaign.keeper import Bookkeeper
from invoicing.links import url_of
from invoicing.models import Invoice
from sandbox.crezco.paying import BANKS

# What becomes of a page at the gateway, one of several tries after the other, and how often.
AT_STRIPE = [(["card"], 6), (["declined", "card"], 1), (["wait"], 1), ([], 1)]
AT_CREZCO = [(["approve"], 6), (["wait"], 1), (["decline"], 1), (["cancel"], 1), ([], 1)]


@dataclass(frozen=True)
class Tab:
    """One press of a button, and what is done on the page it leads to."""

    gateway: str
    ways: Sequence[str]
    clicks: int
    comes_back: bool


@dataclass(frozen=True)
class Visit:
    """``is_twin``: the bookkeeper records the same payment in QuickBooks at that moment."""

    browser: Browser
    url: str
    tabs: Sequence[Tab]
    is_twin: bool
    invoice_id: str
    amount: float


def draw(dice: Random, invoice: Invoice, invoice_id: str) -> Visit:
    """What one payer will do; all of it is drawn before anything is done."""
    gateways = ["stripe", "crezco"] if invoice.currency == "GBP" else ["stripe"]
    tabs = [_tab(dice, dice.choice(gateways)) for _ in range(2 if dice.random() < 0.2 else 1)]
    address = ".".join(str(part) for part in (10, *dice.choices(range(1, 255), k=3)))
    is_twin = dice.random() < 0.15
    return Visit(Browser(address, {}), url_of(invoice), tabs, is_twin, invoice_id, float(invoice.balance))


def _tab(dice: Random, gateway: str) -> Tab:
    ways, weights = zip(*(AT_STRIPE if gateway == "stripe" else AT_CREZCO), strict=True)
    [chosen] = dice.choices(ways, weights)
    return Tab(gateway, chosen, 2 if dice.random() < 0.2 else 1, dice.random() < 0.7)


def pay(visit: Visit, keeper: Bookkeeper) -> None:
    """The page, all tabs at once, the bookkeeper in between, then the gateways' pages."""
    visit.browser.get(visit.url)
    pages = at_once([_presses(visit, tab) for tab in visit.tabs])
    if visit.is_twin:
        keeper.record_same(visit.invoice_id, visit.amount)
    at_once([_pays(visit, tab, page) for tab, page in zip(visit.tabs, pages, strict=True)])


def _presses(visit: Visit, tab: Tab) -> Callable[[], Answer]:
    def press() -> Answer:
        click = lambda: visit.browser.post(f"{visit.url}pay/", gateway=tab.gateway)  # noqa: E731
        return at_once([click] * tab.clicks)[-1]

    return press


def _pays(visit: Visit, tab: Tab, page: Answer) -> Callable[[], None]:
    def go() -> None:
        if page.location.startswith(visit.url) or not page.location:
            return  # nothing to be paid, or no answer
        back = Answer(0)
        for way in tab.ways:
            back = _tries(visit, tab, page.location, way)
        if tab.comes_back and back.location.startswith(visit.url):
            visit.browser.get(back.location)

    return go


def _tries(visit: Visit, tab: Tab, url: str, way: str) -> Answer:
    form = {"way": way, "email": "payer@example.com", "name": "Pat Payer", "bank": BANKS[0]}
    click = lambda: visit.browser.post(url, **form)  # noqa: E731
    return at_once([click] * tab.clicks)[-1]


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do these at the same moment; what each gave."""
    given: list[Any] = [None] * len(acts)

    def act(place: int) -> None:
        given[place] = acts[place]()

    threads = [threading.Thread(target=act, args=(place,)) for place in range(1, len(acts))]
    for thread in threads:
        thread.start()
    if acts:
        act(0)
    for thread in threads:
        thread.join()
    return given
