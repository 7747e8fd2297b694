"""Clear the demo, so that the first real company finds an empty house."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models, transaction
from django_q.models import OrmQ

from crm.demo import LOGINS
from crm.models import Activity, Business, Contact, HelpAnswer, Invitation, User
from integrations.models import (
    ApiAllowance,
    BookingSettings,
    CatalogueEntry,
    ConnectionNotice,
    GatewayEvent,
    GatewayFee,
    ImportItem,
    ImportRun,
    InboxEvent,
    OutboxEntry,
    Payout,
    PayoutLine,
    PaySession,
    PaySessionShare,
    QuickBooksConnection,
    QuickBooksLink,
    SyncLogEntry,
    SyncState,
)
from invoicing.models import (
    Allocation,
    Invoice,
    InvoiceLine,
    InvoiceView,
    Payment,
    PaymentSettings,
    PublicLink,
    Refund,
    RefundShare,
    StatementLink,
)
from messaging.models import (
    Conversation,
    Draft,
    Lane,
    Message,
    MessagingSettings,
    NoticeChoice,
    StaffNotice,
    Suppression,
)

# What points comes before what it points to. Heartbeats stay, and so do people who are not of the demo.
CLEARED: list[type[models.Model]] = [
    SyncLogEntry,
    InboxEvent,
    OutboxEntry,
    GatewayEvent,
    GatewayFee,
    PayoutLine,
    Payout,
    PaySessionShare,
    PaySession,
    SyncState,
    BookingSettings,
    ImportItem,
    ImportRun,
    QuickBooksLink,
    CatalogueEntry,
    ConnectionNotice,
    QuickBooksConnection,
    ApiAllowance,
    StaffNotice,
    NoticeChoice,
    Draft,
    Message,
    Conversation,
    Suppression,
    MessagingSettings,
    Lane,
    Allocation,
    RefundShare,
    Refund,
    Payment,
    PaymentSettings,
    InvoiceView,
    PublicLink,
    StatementLink,
    InvoiceLine,
    Invoice,
    Activity,
    Contact,
    Invitation,
    HelpAnswer,
    OrmQ,
    Session,
]


class Command(BaseCommand):
    help = "Remove the demo's contacts, invoices, payments, connection, imports and logins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep", metavar="EMAIL", help="a login of the demo that stays")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--really", action="store_true", help="although this is no demo but a business")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Business.load().is_demo and not options["really"]:
            raise CommandError("This is no demo but a business of its own. To clear it all the same, add --really.")
        self.tell_what_goes()
        keep = options["keep"]
        if not options["yes"]:
            keep = keep or self.ask("Which demo login shall stay? Its email, or nothing: ")
            if self.ask("Type yes to remove all this: ") != "yes":
                raise CommandError("Nothing was removed.")
        if keep and not User.objects.filter(email__iexact=keep).exists():
            raise CommandError(f"There is no login {keep}. Nothing was removed.")
        clear(keep or "")
        self.stdout.write("All cleared. QuickBooks' own books were not touched.")
        if not User.objects.filter(role=User.Role.ADMIN, is_active=True).exists():
            self.stdout.write("Now make your admin: manage.py create_admin YOU@EXAMPLE.COM")

    def tell_what_goes(self) -> None:
        counts = [(model._meta, model._default_manager.count()) for model in CLEARED]
        found = ", ".join(
            f"{n:,} {meta.verbose_name if n == 1 else meta.verbose_name_plural}" for meta, n in counts if n
        )
        self.stdout.write(f"This removes: {found or 'no records'}, and the demo's logins.")

    def ask(self, question: str) -> str:
        try:
            return input(question).strip().lower()
        except EOFError:
            return ""


@transaction.atomic
def clear(keep: str) -> None:
    """Remove every record and the demo's logins but ``keep``; the business is one without a name again."""
    for model in CLEARED:
        model._default_manager.all().delete()
    gone = User.objects.filter(email__in=LOGINS).exclude(email__iexact=keep)
    EmailAddress.objects.filter(user__in=gone).delete()
    gone.delete()
    # The row stays, and says that this is no new installation: `make run` will not bring the demo back.
    logo = Business.load().logo
    Business.objects.all().delete()
    Business.objects.create(pk=1)
    if logo:
        transaction.on_commit(lambda: logo.delete(save=False))
