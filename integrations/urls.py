"""Settings > Integrations, connecting, and importing."""

from django.urls import URLPattern, path

from integrations import import_urls, views
from integrations.quickbooks import views as quickbooks

app_name = "integrations"
urlpatterns: list[URLPattern] = [
    path("settings/integrations/", views.integration_cards, name="settings"),
    path("integrations/quickbooks/connect/", quickbooks.quickbooks_connect, name="quickbooks-connect"),
    path("integrations/quickbooks/callback/", quickbooks.quickbooks_callback, name="quickbooks-callback"),
    path("integrations/quickbooks/connected/", quickbooks.quickbooks_connected, name="quickbooks-connected"),
    path("integrations/quickbooks/disconnect/", quickbooks.quickbooks_disconnect, name="quickbooks-disconnect"),
    *import_urls.urlpatterns,
]
