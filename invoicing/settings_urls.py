"""What admins decide about paying."""

from django.urls import path

from invoicing import settings_views

app_name = "payments"
urlpatterns = [path("settings/payments/", settings_views.payments, name="settings")]
