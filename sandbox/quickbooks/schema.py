"""What each entity may hold, what QuickBooks alone may write, what a query may filter on, how long texts may be.

The property lists follow Intuit's entity pages. Only a field with the trait "filterable" may stand in a WHERE.
"""

from __future__ import annotations

from dataclasses import dataclass, field

COMMON = frozenset("Id SyncToken MetaData domain sparse status".split())
ADDRESSES = "BillAddr ShipAddr"
SALE = (
    "CustomField DocNumber TxnDate DepartmentRef CurrencyRef ExchangeRate PrivateNote LinkedTxn Line TxnTaxDetail "
    "CustomerRef CustomerMemo BillAddr ShipAddr ShipFromAddr FreeFormAddress ClassRef SalesTermRef ShipMethodRef "
    "ShipDate TrackingNum GlobalTaxCalculation TotalAmt HomeTotalAmt ApplyTaxAfterDiscount PrintStatus EmailStatus "
    "BillEmail BillEmailCc BillEmailBcc Balance HomeBalance TransactionLocationType TxnSource RecurDataRef "
    "TaxExemptionRef DeliveryInfo ProjectRef PaymentMethodRef PaymentRefNum DepositToAccountRef Tag RemitToRef "
    "AutoDocNumber TxnStatus"
)


@dataclass(frozen=True)
class Entity:
    """One entity's rules of form."""

    name: str
    family: str  # entities of one family draw their Ids from one sequence
    known: frozenset[str]
    readonly: frozenset[str]
    filters: dict[str, tuple[str, str]]  # lower-case name -> (path, type)
    lengths: dict[str, int] = field(default_factory=dict)
    is_name_list: bool = False  # inactive ones are left out of queries unless asked for
    in_cdc: bool = True
    deletable: bool = False


def _entity(name: str, family: str, known: str, filters: str, readonly: str = "", **rest: object) -> Entity:
    table = {}
    for word in f"Id:id MetaData.CreateTime:moment MetaData.LastUpdatedTime:moment {filters}".split():
        path, _, kind = word.partition(":")
        table[path.lower()] = (path, kind or "text")
    return Entity(
        name,
        family,
        COMMON | frozenset(known.split()),
        frozenset(f"Id SyncToken MetaData domain sparse status {readonly}".split()),
        table,
        **rest,  # type: ignore[arg-type]
    )


SALE_FILTERS = "DocNumber TxnDate:date CustomerRef:ref TotalAmt:number Balance:number"
SALE_READONLY = "TotalAmt HomeTotalAmt Balance HomeBalance LinkedTxn RecurDataRef DeliveryInfo TxnSource TxnStatus"
SALE_LENGTHS = {
    "DocNumber": 21,
    "CustomerMemo.value": 1000,
    "PrivateNote": 4000,
    "BillEmail.Address": 100,
    "PaymentRefNum": 21,
}
PERSON = (
    "Title GivenName MiddleName FamilyName Suffix CompanyName DisplayName PrintOnCheckName Active Balance "
    "PrimaryPhone AlternatePhone Mobile Fax PrimaryEmailAddr WebAddr BillAddr CurrencyRef V4IDPseudonym "
    "ClientEntityId AcctNum PrimaryTaxIdentifier OtherAddr OtherContactInfo Source "
)
PERSON_FILTERS = (
    "DisplayName GivenName MiddleName FamilyName Suffix Title CompanyName PrintOnCheckName Active:bool "
    "Balance:number PrimaryEmailAddr:email PrimaryPhone:phone "
)
PERSON_LENGTHS = {
    "DisplayName": 500,
    "GivenName": 100,
    "MiddleName": 100,
    "FamilyName": 100,
    "Title": 16,
    "Suffix": 16,
    "CompanyName": 100,
    "PrintOnCheckName": 110,
    "PrimaryPhone.FreeFormNumber": 30,
    "AlternatePhone.FreeFormNumber": 30,
    "Mobile.FreeFormNumber": 30,
    "Fax.FreeFormNumber": 30,
    "PrimaryEmailAddr.Address": 100,
    "Notes": 2000,
}

ENTITIES: dict[str, Entity] = {
    entity.name.lower(): entity
    for entity in (
        _entity(
            "Customer",
            "names",
            PERSON + "ShipAddr Taxable Job BillWithParent ParentRef Level BalanceWithJobs FullyQualifiedName Notes "
            "PreferredDeliveryMethod IsProject DefaultTaxCodeRef SalesTermRef PaymentMethodRef CustomerTypeRef "
            "OpenBalanceDate ResaleNum TaxExemptionReasonId ARAccountRef SecondaryTaxIdentifier BusinessNumber "
            "GSTIN GSTRegistrationType",
            PERSON_FILTERS + "FullyQualifiedName Job:bool ParentRef:ref Notes Level:number BalanceWithJobs:number",
            "Balance BalanceWithJobs FullyQualifiedName Level V4IDPseudonym ClientEntityId",
            lengths=PERSON_LENGTHS,
            is_name_list=True,
        ),
        _entity(
            "Vendor",
            "names",
            PERSON + "Vendor1099 TermRef APAccountRef TaxIdentifier TaxReportingBasis BillRate CostRate GSTIN "
            "VendorPaymentBankDetail HasTPAR T4AEligible T5018Eligible BusinessNumber",
            PERSON_FILTERS,
            "Balance V4IDPseudonym ClientEntityId",
            lengths=PERSON_LENGTHS,
            is_name_list=True,
        ),
        _entity(
            "Item",
            "items",
            "Name Sku Description Active FullyQualifiedName SubItem ParentRef Level Taxable SalesTaxIncluded "
            "PurchaseTaxIncluded UnitPrice RatePercent Type IncomeAccountRef PurchaseDesc PurchaseCost "
            "ExpenseAccountRef AssetAccountRef TrackQtyOnHand QtyOnHand InvStartDate SalesTaxCodeRef "
            "PurchaseTaxCodeRef ItemGroupDetail PrintGroupedItems ClassRef PrefVendorRef ReorderPoint ItemCategoryType",
            "Name Sku Description Active:bool FullyQualifiedName Type UnitPrice:number SubItem:bool ParentRef:ref "
            "Taxable:bool QtyOnHand:number",
            "FullyQualifiedName Level",
            lengths={"Name": 100, "Sku": 100, "Description": 4000},
            is_name_list=True,
        ),
        _entity(
            "Account",
            "accounts",
            "Name SubAccount ParentRef FullyQualifiedName Description Active Classification AccountType AccountSubType "
            "AcctNum CurrentBalance CurrentBalanceWithSubAccounts CurrencyRef TaxCodeRef TxnLocationType",
            "Name FullyQualifiedName Active:bool Classification AccountType AccountSubType SubAccount:bool AcctNum "
            "CurrentBalance:number ParentRef:ref",
            "FullyQualifiedName CurrentBalance CurrentBalanceWithSubAccounts Classification",
            lengths={"Name": 100},
            is_name_list=True,
        ),
        _entity(
            "PaymentMethod",
            "paymentmethods",
            "Name Active Type",
            "Name Active:bool Type",
            lengths={"Name": 31},
            is_name_list=True,
        ),
        _entity(
            "Term",
            "terms",
            "Name Active Type DueDays DiscountDays DiscountPercent DayOfMonthDue DueNextMonthDays",
            "Name Active:bool Type DueDays:number",
            lengths={"Name": 31},
            is_name_list=True,
        ),
        _entity(
            "TaxCode",
            "taxcodes",
            "Name Description Active Taxable TaxGroup SalesTaxRateList PurchaseTaxRateList Hidden TaxCodeConfigType",
            "Name Description Active:bool Taxable:bool TaxGroup:bool",
            is_name_list=True,
            in_cdc=False,
        ),
        _entity(
            "TaxRate",
            "taxrates",
            "Name Description Active RateValue AgencyRef TaxReturnLineRef EffectiveTaxRate SpecialTaxType DisplayType "
            "OriginalTaxRate",
            "Name Description Active:bool RateValue:number",
            is_name_list=True,
            in_cdc=False,
        ),
        _entity(
            "Invoice",
            "transactions",
            SALE + " DueDate Deposit AllowIPNPayment AllowOnlinePayment AllowOnlineCreditCardPayment EInvoiceStatus "
            "AllowOnlineACHPayment InvoiceLink FOB PONumber SalesRepRef ECloudStatusTimeStamp TaxFormNum TaxFormType "
            "PaymentDetailsMessage LessCIS ConvenienceFeeDetail DiscountRate DiscountAmt InvoiceEx RecurringInfo "
            "TxnApprovalInfo callToAction invoiceStatus invoiceStatusLog",
            SALE_FILTERS + " DueDate:date SalesTermRef:ref",
            SALE_READONLY + " EInvoiceStatus InvoiceLink",
            lengths=SALE_LENGTHS,
            deletable=True,
        ),
        _entity(
            "CreditMemo",
            "transactions",
            SALE + " RemainingCredit InvoiceRef",
            SALE_FILTERS,
            SALE_READONLY + " RemainingCredit",
            lengths=SALE_LENGTHS,
            deletable=True,
        ),
        _entity(
            "SalesReceipt",
            "transactions",
            SALE + " PaymentType CreditCardPayment CheckPayment TxnSource",
            SALE_FILTERS + " PaymentRefNum PaymentMethodRef:ref DepositToAccountRef:ref",
            SALE_READONLY,
            lengths=SALE_LENGTHS,
            deletable=True,
        ),
        _entity(
            "Payment",
            "transactions",
            "TxnDate CustomerRef TotalAmt UnappliedAmt ProcessPayment PaymentMethodRef PaymentRefNum PaymentType "
            "DepositToAccountRef CurrencyRef ExchangeRate PrivateNote Line ARAccountRef CreditCardPayment DocNumber "
            "TransactionLocationType TaxExemptionRef ProjectRef TxnSource LinkedTxn HomeTotalAmt TxnStatus",
            "TxnDate:date CustomerRef:ref TotalAmt:number UnappliedAmt:number PaymentRefNum PaymentMethodRef:ref "
            "DepositToAccountRef:ref",
            "UnappliedAmt HomeTotalAmt TxnSource LinkedTxn TxnStatus",
            lengths={"PaymentRefNum": 21, "PrivateNote": 4000},
            deletable=True,
        ),
        _entity(
            "Deposit",
            "transactions",
            "TxnDate DepositToAccountRef Line CurrencyRef ExchangeRate PrivateNote TotalAmt HomeTotalAmt CashBack "
            "DepartmentRef TxnTaxDetail GlobalTaxCalculation DocNumber TxnSource TxnStatus TransactionLocationType",
            "TxnDate:date TotalAmt:number DepositToAccountRef:ref",
            "TotalAmt HomeTotalAmt TxnSource TxnStatus",
            lengths={"PrivateNote": 4000},
            deletable=True,
        ),
        _entity(
            "CompanyInfo",
            "company",
            "CompanyName LegalName CompanyAddr CustomerCommunicationAddr LegalAddr PrimaryPhone CompanyStartDate "
            "FiscalYearStartMonth Country Email WebAddr SupportedLanguages NameValue EmployerId DefaultTimeZone "
            "CustomerCommunicationEmailAddr",
            "CompanyName",
            in_cdc=False,
        ),
        _entity(
            "Preferences",
            "company",
            "AccountingInfoPrefs ProductAndServicesPrefs SalesFormsPrefs EmailMessagesPrefs VendorAndPurchasesPrefs "
            "TimeTrackingPrefs TaxPrefs CurrencyPrefs ReportPrefs OtherPrefs",
            "",
            in_cdc=False,
        ),
    )
}

TRANSACTIONS = ("Invoice", "CreditMemo", "SalesReceipt", "Payment")
SALES = ("Invoice", "CreditMemo", "SalesReceipt")
LINE_PROPERTIES = frozenset(
    "Id LineNum Description Amount DetailType LinkedTxn CustomField LineEx SalesItemLineDetail GroupLineDetail "
    "DescriptionLineDetail DiscountLineDetail SubTotalLineDetail DescriptionOnly TaxLineDetail CustomExtensions".split()
)
