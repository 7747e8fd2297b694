"""How quick an import is, as ratios measured side by side in one run: ``python -m bench``.

Three ways to bring the same books in: the floor (fetch and insert, nothing else), ours, and the plain way of
python-quickbooks objects and one ``update_or_create()`` a row. Each runs in a process and on a database of its own,
against a sandbox in yet another process; ratios of times taken in the same minutes mean the same on any machine.
"""
