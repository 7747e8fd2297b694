"""Bad luck: answers that fail before and after they took effect, sign-ins that end, news that is lost or late."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from campaign.vendors import Vendors

KINDS = {
    "quickbooks": ("500", "503", "429", "cut_before", "cut_after", "garbage", "401"),
    "stripe": ("500", "500_after", "503", "429", "cut_before", "cut_after", "garbage"),
    "crezco": ("500", "503", "429", "cut_before", "cut_after", "garbage"),
    "twilio": ("500", "500_after", "503", "429", "cut_before", "cut_after", "garbage"),
}
HOW_OFTEN = {"quickbooks": 0.03, "stripe": 0.01, "crezco": 0.01, "twilio": 0.01}  # of a step, when none waits
SIGN_INS = 0.003  # of a step that every access token ends


@dataclass
class Trouble:
    vendors: Vendors
    luck: Random
    ordered: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """News is lost, doubled, late and shuffled, and given up soon."""
        for hooks in self._hooks():
            hooks.random = Random(self.luck.random())
            hooks.drop, hooks.double, hooks.delay, hooks.shuffle = 0.2, 0.2, 2.0, True
            hooks.pauses = (0.5, 1.0, 2.0)
        self.vendors.quickbooks.webhooks.batch = 5
        self.vendors.quickbooks.webhooks.url = f"{self.vendors.site}/webhooks/quickbooks/"
        self.vendors.stripe.webhooks.url = f"{self.vendors.site}/webhooks/stripe/"
        self.keep_listening()

    def keep_listening(self) -> None:
        """Crezco tells nobody any more who once answered with an error; an operator registers anew."""
        self.vendors.crezco.register(self.vendors.crezco_callback)

    def stir(self) -> None:
        for name, kinds in KINDS.items():
            faults = getattr(self.vendors, name).faults
            if not faults.waiting and self.luck.random() < HOW_OFTEN[name]:
                times = self.luck.randint(1, 6)
                faults.add(self.luck.choice(kinds), times=times)
                self.ordered[name] += times
        if self.luck.random() < SIGN_INS:
            self.vendors.quickbooks.expire_access_tokens()

    def end(self) -> None:
        for name in KINDS:
            faults = getattr(self.vendors, name).faults
            self.ordered[name] -= sum(trouble.times for trouble in faults.waiting)
            faults.clear()
        for hooks in self._hooks():
            hooks.enabled = False

    def _hooks(self) -> list[Any]:
        return [getattr(self.vendors, name).webhooks for name in KINDS]
