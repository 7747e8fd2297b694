"""What `manage.py work` runs: one django-q cluster a queue, watched and started again when it is not well.

docs/decisions/ tells which faults of a cluster this is made for.
"""
