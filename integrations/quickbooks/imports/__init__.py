"""Imports by button: runs that advance page by page, survive anything, and can be undone."""
