"""Messages, the conversations they belong to, and the addresses that get none."""

from messaging.models.conversations import Conversation
from messaging.models.drafts import Draft
from messaging.models.lanes import Lane
from messaging.models.messages import Message
from messaging.models.notices import NoticeChoice, StaffNotice
from messaging.models.settings import MessagingSettings
from messaging.models.suppressions import Suppression

__all__ = [
    "Conversation",
    "Draft",
    "Lane",
    "Message",
    "MessagingSettings",
    "NoticeChoice",
    "StaffNotice",
    "Suppression",
]
