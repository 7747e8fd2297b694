"""Contacts, the staff who look after them, and what happened to them."""

from crm.models.activity import Activity
from crm.models.business import Business
from crm.models.contacts import Contact
from crm.models.heartbeat import Heartbeat
from crm.models.help import HelpAnswer
from crm.models.staff import Invitation, User

__all__ = ["Activity", "Business", "Contact", "Heartbeat", "HelpAnswer", "Invitation", "User"]
