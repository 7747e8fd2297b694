from integrations.models import ImportRun
from integrations.quickbooks.imports.command import ImportCommand


class Command(ImportCommand):
    help = "Import all customers of the connected QuickBooks company, as the button does."
    kind = ImportRun.Kind.CONTACTS
    headline = "customer"
