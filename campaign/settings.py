"""The product's own settings, and the ledger that hears what is announced."""

from crm.settings import *  # noqa: F403 - they are the settings
from crm.settings import INSTALLED_APPS as THEIRS

INSTALLED_APPS = [*THEIRS, "campaign.ledger"]
QUICKBOOKS_RETRY_SCALE = 0.1  # trouble comes thicker than in life, so what waits for its end waits less
