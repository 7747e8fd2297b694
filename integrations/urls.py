"""Settings > Integrations: connecting, following the books, importing, and where QuickBooks tells of changes."""

from django.urls import URLPattern, path

from integrations import booking_views, import_urls, mail_views, payout_views, sync_urls, views
from integrations.crezco import webhooks as crezco
from integrations.quickbooks import views as quickbooks
from integrations.quickbooks import webhooks
from integrations.stripe import webhooks as stripe
from integrations.twilio import webhooks as twilio

app_name = "integrations"
urlpatterns: list[URLPattern] = [
    path("settings/integrations/", views.integration_cards, name="settings"),
    path("settings/integrations/booking/", booking_views.booking_settings, name="booking"),
    path("settings/payments/payouts/", payout_views.payout_list, name="payouts"),
    path("settings/payments/payouts/payouts.csv", payout_views.payout_export, name="payouts-export"),
    path("settings/payments/payouts/<int:pk>/payout.csv", payout_views.one_payout_export, name="payout-export"),
    path("integrations/quickbooks/connect/", quickbooks.quickbooks_connect, name="quickbooks-connect"),
    path("integrations/quickbooks/callback/", quickbooks.quickbooks_callback, name="quickbooks-callback"),
    path("integrations/quickbooks/connected/", quickbooks.quickbooks_connected, name="quickbooks-connected"),
    path("integrations/quickbooks/disconnect/", quickbooks.quickbooks_disconnect, name="quickbooks-disconnect"),
    path("webhooks/quickbooks/", webhooks.receive, name="quickbooks-webhook"),
    path("webhooks/stripe/", stripe.receive, name="stripe-webhook"),
    path("webhooks/crezco/<str:secret>/", crezco.receive, name="crezco-webhook"),
    path("webhooks/email/<slug:service>/", mail_views.tracking, name="email-webhook"),
    path("webhooks/email/<slug:service>/inbound/", mail_views.tracking, {"what": "inbound"}, name="email-inbound"),
    path("webhooks/twilio/inbound/", twilio.inbound, name="twilio-inbound"),
    path("webhooks/twilio/status/", twilio.status, name="twilio-status"),
    *sync_urls.urlpatterns,
    *import_urls.urlpatterns,
]
