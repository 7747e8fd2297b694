import os

# Recorded documents are other people's data and no part of the project: their tests exist where they do.
collect_ignore = [] if os.environ.get("QUICKBOOKS_PAYLOADS") else ["test_recorded.py"]
