"""The ground floor: contacts, staff, and the wiring of the house."""

__version__ = "0.1.0"
