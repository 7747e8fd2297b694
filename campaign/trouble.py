"""Bad luck: answers that fail before and after they took effect, sign-ins that end, news that is lost or late."""

from dataclasses import dataclass, field
from random import Random

from sandbox import Sandbox

KINDS = ("500", "503", "429", "cut_before", "cut_after", "garbage", "401")
HOW_OFTEN = 0.03  # of a step, when none waits
SIGN_INS = 0.003  # of a step that every access token ends


@dataclass
class Trouble:
    sandbox: Sandbox
    luck: Random
    ordered: int = field(default=0)

    def begin(self, url: str) -> None:
        """Webhooks to this address are lost, doubled, late and shuffled, and given up soon."""
        hooks = self.sandbox.webhooks
        hooks.url, hooks.random = url, Random(self.luck.random())
        hooks.drop, hooks.double, hooks.delay, hooks.shuffle, hooks.batch = 0.2, 0.2, 2.0, True, 5
        hooks.pauses = (0.5, 1.0, 2.0)

    def stir(self) -> None:
        if not self.sandbox.faults.waiting and self.luck.random() < HOW_OFTEN:
            times = self.luck.randint(1, 6)
            self.sandbox.faults.add(self.luck.choice(KINDS), times=times)
            self.ordered += times
        if self.luck.random() < SIGN_INS:
            self.sandbox.expire_access_tokens()

    def end(self) -> None:
        self.ordered -= sum(trouble.times for trouble in self.sandbox.faults.waiting)
        self.sandbox.faults.clear()
        self.sandbox.webhooks.url = None
