"""Invoices."""

from django.urls import path

from invoicing import link_views, panels, pay_views, pdf_views, refund_views, removal_views, statement_views, views

app_name = "invoicing"
urlpatterns = [
    path("", views.invoice_list, name="list"),
    path("invoices.csv", views.invoice_export, name="export"),
    path("summary/", panels.dashboard_panel, name="dashboard-panel"),
    path("of-contact/<int:pk>/", panels.contact_panel, name="contact-panel"),
    path("of-contact/<int:pk>/statement/", statement_views.statement_panel, name="statement-panel"),
    path("of-contact/<int:pk>/statement/make/", statement_views.statement_make_link, name="make-statement-link"),
    path(
        "of-contact/<int:pk>/statement/replace/", statement_views.statement_replace_link, name="replace-statement-link"
    ),
    path("<int:pk>/", views.invoice_detail, name="detail"),
    path("<int:pk>/invoice.pdf", pdf_views.staff_invoice, name="pdf"),
    path("<int:pk>/receipt.pdf", pdf_views.staff_receipt, name="receipt"),
    path("<int:pk>/looked-at/", views.invoice_looked_at, name="looked-at"),
    path("<int:pk>/record-payment/", pay_views.invoice_record_payment, name="record-payment"),
    path("<int:pk>/refund/<int:payment_pk>/", refund_views.invoice_refund, name="refund"),
    path("<int:pk>/start/", refund_views.invoice_start, name="start"),
    path("<int:pk>/link/", link_views.invoice_make_link, name="make-link"),
    path("<int:pk>/link/replace/", link_views.invoice_replace_link, name="replace-link"),
    path("<int:pk>/delete/", removal_views.invoice_delete, name="delete"),
    path("<int:pk>/bring-back/", removal_views.invoice_bring_back, name="bring-back"),
]
