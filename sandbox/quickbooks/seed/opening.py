"""Books on their first day: preferences, accounts, taxes, terms, payment methods and things to sell."""

from __future__ import annotations

import time
from typing import Any

from ..company import Company
from ..store import Document, Keeper

YEAR = 365 * 86400
METHODS = (
    ("Cash", "NON_CREDIT_CARD"),
    ("Check", "NON_CREDIT_CARD"),
    ("Visa", "CREDIT_CARD"),
    ("MasterCard", "CREDIT_CARD"),
    ("American Express", "CREDIT_CARD"),
    ("Bank Transfer", "NON_CREDIT_CARD"),
)
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
ACCOUNTS = (
    ("Checking", "Bank", "Checking"),
    ("Savings", "Bank", "Savings"),
    ("Accounts Receivable", "Accounts Receivable", "AccountsReceivable"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("Sales of Services", "Income", "ServiceFeeIncome"),
    ("Sales of Goods", "Income", "SalesOfProductIncome"),
    ("Shipping Income", "Income", "SalesOfProductIncome"),
    ("Discounts Given", "Income", "DiscountsRefundsGiven"),
    ("Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
)
US_RATES = (("California", "8"), ("Arizona State", "7.1"), ("Tucson City", "2"))
US_CODES = (("California", ("1",)), ("Tucson", ("2", "3")), ("Out of state", ()))
UK_RATES = (
    ("20% Standard", "20"),
    ("5% Reduced", "5"),
    ("0% Zero rated", "0"),
    ("Exempt", "0"),
    ("20% Reverse charge", "20"),
    ("20% Reverse charge (notional)", "-20"),
)
UK_CODES = (
    ("20.0% S", ("1",)),
    ("5.0% R", ("2",)),
    ("0.0% Z", ("3",)),
    ("Exempt", ("4",)),
    ("20.0% RC", ("5", "6")),
)
US_ITEMS = (
    ("Call-out", "Service", "95", "Visit and diagnosis", False),
    ("Plumbing hours", "Service", "120", "Work on site, by the hour", False),
    ("Kitchen tap", "NonInventory", "189.5", "Brushed steel, single lever", True),
    ("Water heater 50 gal", "NonInventory", "1249", "With two years of warranty", True),
    ("Copper pipe (ft)", "NonInventory", "3.2575", "Half inch, by the foot", True),
    ("Yearly check", "Service", "240", "One visit, all appliances", False),
)
UK_ITEMS = (
    ("Web design", "Service", "650", "Per day", "1"),
    ("Hosting", "Service", "24", "Per month", "1"),
    ("Printed guide", "NonInventory", "18.5", "Softback, 120 pages", "3"),
    ("Energy saving audit", "Service", "300", "On site", "2"),
    ("Training for charities", "Service", "420", "Half a day", "4"),
    ("Photography", "Service", "275.333333", "Half a day with editing", "1"),
)


def us_company(keeper: Keeper | None) -> Company:
    """Sells in dollars and collects sales tax; numbers its own forms."""
    company = Company("9130350000000001", "Cedar & Sons Plumbing", "US", "USD", keeper)
    company.custom_fields = ("Van",)
    company.default_tax_code = "1"
    company.tax_by_state = {"CA": "1", "AZ": "2", "": "3"}
    return company


def uk_company(keeper: Keeper | None) -> Company:
    """Sells in pounds, euros, dollars and yen with VAT; the numbers of its forms are given by hand."""
    return Company("9130350000000002", "Harbour Lane Studio Ltd", "GB", "GBP", keeper)


def open_books(company: Company) -> None:
    """Fill in what a company has before its first customer."""
    is_us = company.country == "US"
    long_ago = time.time() - 3 * YEAR
    with company.store.dated(long_ago):
        for entity, document in (("CompanyInfo", _info(company)), ("Preferences", _preferences(is_us))):
            head = {"domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "0", "MetaData": company.store.meta()}
            company.store.put(entity, {**document, **head})
        _load(company, "Account", [{"Name": n, "AccountType": t, "AccountSubType": s} for n, t, s in ACCOUNTS])
        _load(company, "PaymentMethod", [{"Name": name, "Type": kind} for name, kind in METHODS])
        _load(company, "Term", [{"Name": name, "DueDays": days} for name, days in TERMS])
        _taxes(company, US_RATES if is_us else UK_RATES, US_CODES if is_us else UK_CODES)
        if is_us:
            _pseudo_codes(company)
        _items(company)


def _load(company: Company, entity: str, documents: list[Document]) -> list[Document]:
    return company.bulk_load(entity, documents)


def _taxes(company: Company, rates: tuple[Any, ...], codes: tuple[Any, ...]) -> None:
    _load(company, "TaxRate", [{"Name": name, "RateValue": percent} for name, percent in rates])
    for name, rate_ids in codes:
        details = [
            {"TaxRateRef": company.ref("TaxRate", pk), "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}
            for pk in rate_ids
        ]
        company.create("TaxCode", {"Name": name, "SalesTaxRateList": {"TaxRateDetail": details}})


def _pseudo_codes(company: Company) -> None:
    """TAX, NON and CustomSalesTax exist in the US only, and have no SyncToken."""
    for name, taxable, group in (("TAX", True, False), ("NON", False, False), ("CustomSalesTax", True, True)):
        company.store.put(
            "TaxCode",
            {
                "Id": name,
                "Name": name,
                "Description": name,
                "Taxable": taxable,
                "TaxGroup": group,
                "MetaData": company.store.meta(),
            },
        )


def _items(company: Company) -> None:
    is_us = company.country == "US"
    for name, kind, price, text, tax in US_ITEMS if is_us else UK_ITEMS:
        document: Document = {
            "Name": name,
            "Type": kind,
            "UnitPrice": price,
            "Description": text,
            "Sku": f"SKU-{name[:3].upper()}",
            "IncomeAccountRef": {"value": "5" if kind == "Service" else "6"},
        }
        if is_us:
            document["Taxable"] = tax
        else:
            document |= {"Taxable": True, "SalesTaxCodeRef": {"value": tax}}
        company.create("Item", document)
    parts = (("1", 1), ("3", 1)) if is_us else (("1", 2), ("2", 12))
    company.create(
        "Item",
        {
            "Name": "Tap, fitted" if is_us else "Website, first year",
            "Type": "Group",
            "Description": "Tap and fitting" if is_us else "Design and hosting",
            "ItemGroupDetail": {
                "ItemGroupLine": [{"ItemRef": company.ref("Item", pk), "Qty": count} for pk, count in parts]
            },
        },
    )


def _info(company: Company) -> Document:
    is_us = company.country == "US"
    address = (
        {"Id": "1", "Line1": "12 Foundry Road", "City": "Mountain View", "CountrySubDivisionCode": "CA",
         "PostalCode": "94040", "Country": "USA"}
        if is_us
        else {"Id": "1", "Line1": "3 Harbour Lane", "City": "Whitby", "PostalCode": "YO21 3PU", "Country": "GBR"}
    )  # fmt: skip
    return {
        "CompanyName": company.name,
        "LegalName": company.name,
        "CompanyAddr": address,
        "CustomerCommunicationAddr": address,
        "LegalAddr": address,
        "PrimaryPhone": {"FreeFormNumber": "(650) 555-0142" if is_us else "+44 1632 960142"},
        "CompanyStartDate": "2020-04-06",
        "FiscalYearStartMonth": "January" if is_us else "April",
        "Country": company.country,
        "Email": {"Address": "office@example.com"},
        "WebAddr": {"URI": "https://www.example.com"},
        "SupportedLanguages": "en",
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "IndustryType", "Value": "Plumbing" if is_us else "Graphic design services"},
            {"Name": "CompanyType", "Value": "Other"},
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
    }


def _preferences(is_us: bool) -> Document:
    home = "USD" if is_us else "GBP"
    message = {"Subject": "Your document", "Message": "Please find it attached.\nThank you for your business."}
    switch = {"Name": "SalesFormsPrefs.UseSalesCustom1", "Type": "BooleanType", "BooleanValue": is_us}
    names = [{"Name": "SalesFormsPrefs.SalesCustomName1", "Type": "StringType", "StringValue": "Van"}]
    return {
        "AccountingInfoPrefs": {
            "FirstMonthOfFiscalYear": "January" if is_us else "April",
            "TrackDepartments": False,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": False,
            "CustomerTerminology": "Customers",
        },
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": False,
        },
        "SalesFormsPrefs": {
            "CustomField": [{"CustomField": [switch]}, *([{"CustomField": names}] if is_us else [])],
            "CustomTxnNumbers": not is_us,
            "AllowDeposit": False,
            "AllowDiscount": True,
            "DefaultDiscountAccount": "8",
            "AllowEstimates": True,
            "ETransactionEnabledStatus": "NotApplicable",
            "ETransactionAttachPDF": False,
            "ETransactionPaymentEnabled": False,
            "IPNSupportEnabled": False,
            "AllowServiceDate": False,
            "AllowShipping": True,
            "DefaultTerms": {"value": "3"},
            "UsingPriceLevels": False,
            "DefaultCustomerMessage": "Thank you for your business.",
        },
        "EmailMessagesPrefs": {
            name: message for name in ("InvoiceMessage", "EstimateMessage", "SalesReceiptMessage", "StatementMessage")
        },
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": False, "BillableExpenseTracking": False},
        "TimeTrackingPrefs": {"UseServices": True, "BillCustomers": True, "WorkWeekStartDate": "Monday"},
        "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": False, "TaxGroupCodeRef": {"value": "1"}},
        "CurrencyPrefs": {"MultiCurrencyEnabled": not is_us, "HomeCurrency": {"value": home}},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultItem", "Value": "1"}]},
    }
