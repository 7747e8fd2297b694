"""Addresses of importing, and of what QuickBooks says on other pages."""

from django.urls import URLPattern, path

from integrations import conflict_views, import_views, panel_views

urlpatterns: list[URLPattern] = [
    path("imports/", import_views.import_list, name="imports"),
    path("imports/contacts/", import_views.import_contacts, name="import-contacts"),
    path("imports/invoices/", import_views.import_invoices, name="import-invoices"),
    path("imports/invoices/years/", import_views.import_years, name="import-years"),
    path("imports/conflicts/", conflict_views.conflict_list, name="conflicts"),
    path("settings/integrations/conflicts/<int:pk>/", conflict_views.conflict_detail, name="conflict"),
    path("settings/integrations/conflicts/<int:pk>/merge/", conflict_views.conflict_merge, name="conflict-merge"),
    path("settings/integrations/conflicts/<int:pk>/choose/", conflict_views.conflict_choose, name="conflict-choose"),
    path("imports/menu/", import_views.menu, name="menu"),
    path("imports/<int:pk>/", import_views.run_detail, name="run"),
    path("imports/<int:pk>/progress/", import_views.run_progress, name="run-progress"),
    path("imports/<int:pk>/left-out.csv", import_views.run_dropped, name="run-dropped"),
    path("imports/<int:pk>/cancel/", import_views.run_cancel, name="run-cancel"),
    path("imports/<int:pk>/resume/", import_views.run_resume, name="run-resume"),
    path("imports/<int:pk>/undo/", import_views.run_undo, name="run-undo"),
    path("imports/<int:pk>/dismiss/", import_views.run_dismiss, name="run-dismiss"),
    path("integrations/quickbooks/contacts/<int:pk>/", panel_views.contact_panel, name="quickbooks-contact-panel"),
    path("integrations/quickbooks/invoices/<int:pk>/", panel_views.invoice_panel, name="quickbooks-invoice-panel"),
]
