"""The account in which payments are booked: Undeposited Funds, or another that an admin chose."""

from integrations.models import BookingSettings, QuickBooksConnection
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.mapping.values import Doc, ref

KINDS = ("Bank", "Other Current Asset")
# Other current assets in which no payment can lie.
UNFIT = frozenset({"UndepositedFunds", "Inventory"})
EVERY = "Active IN (true, false)"


def undeposited_funds(client: QuickBooksClient, connection: QuickBooksConnection) -> str:
    """The account's id, found by what it is: its name differs by language. "" leaves the choice to QuickBooks,
    whose own default it is. It is kept, to tell later which payments lie in it.
    """
    accounts = client.page("Account", where="AccountType = 'Other Current Asset'", size=200)
    found = next((str(one["Id"]) for one in accounts if one.get("AccountSubType") == "UndepositedFunds"), "")
    if found and BookingSettings.of(connection).undeposited_id != found:
        BookingSettings.objects.update_or_create(connection=connection, defaults={"undeposited_id": found})
    return found


def others(client: QuickBooksClient, home_currency: str) -> dict[str, str]:
    """Name by id of the accounts that may be chosen instead."""
    found = [one for kind in KINDS for one in client.page("Account", where=f"AccountType = '{kind}'", order="Name")]
    return {
        str(one["Id"]): str(one.get("FullyQualifiedName") or one.get("Name") or one["Id"])
        for one in found
        if _is_fit(one, home_currency)
    }


def for_payments(client: QuickBooksClient, connection: QuickBooksConnection) -> tuple[str, str]:
    """The account's id, and what has to be said of it where the chosen one cannot take the money any more."""
    chosen = BookingSettings.of(connection)
    if not chosen.account_id:
        return undeposited_funds(client, connection), ""
    found = client.by_ids("Account", [chosen.account_id], where=EVERY)
    if any(one.get("Active") is not False and _is_fit(one, connection.home_currency) for one in found):
        return chosen.account_id, ""
    return undeposited_funds(client, connection), (
        f"Booked in Undeposited Funds: {chosen.account_name}, the account that was chosen for payments, is not active "
        "in QuickBooks any more. Choose another one in Settings > Integrations."
    )


def _is_fit(account: Doc, home_currency: str) -> bool:
    in_its_own = ref(account, "CurrencyRef") or home_currency
    is_kind = account.get("AccountType") in KINDS and account.get("AccountSubType") not in UNFIT
    return is_kind and in_its_own == home_currency
