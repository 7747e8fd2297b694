from argparse import ArgumentParser

from integrations.models import ImportRun
from integrations.quickbooks.imports.command import ImportCommand


class Command(ImportCommand):
    help = "Import one year of invoices with their payments (contacts first), as the button does."
    kind = ImportRun.Kind.INVOICES
    headline = "invoice"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--year", type=int, required=True, choices=range(1990, 2101), metavar="YEAR")
