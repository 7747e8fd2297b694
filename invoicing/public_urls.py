"""Short addresses that stand in texts."""

from django.urls import path

from invoicing import pdf_views, public, public_statement

app_name = "public"
urlpatterns = [
    path("i/<str:token>/", public.invoice_page, name="invoice"),
    path("i/<str:token>/pay/", public.invoice_pay, name="pay"),
    path("i/<str:token>/paid/", public.invoice_paid, name="paid"),
    path("i/<str:token>/seen/", public.invoice_seen, name="seen"),
    path("i/<str:token>/all/", public.invoice_all, name="all"),
    path("i/<str:token>/invoice.pdf", pdf_views.public_invoice, name="pdf"),
    path("i/<str:token>/receipt.pdf", pdf_views.public_receipt, name="receipt"),
    path("s/<str:token>/", public_statement.statement_page, name="statement"),
    path("s/<str:token>/pay/", public_statement.statement_pay, name="statement-pay"),
    path("s/<str:token>/paid/", public_statement.statement_paid, name="statement-paid"),
    path("s/<str:token>/invoice/", public_statement.statement_invoice, name="statement-invoice"),
]
