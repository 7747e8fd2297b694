"""The QuickBooks Online stand-in: OAuth, the accounting API, and the rules of the books behind it."""
