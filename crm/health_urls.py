"""Signs of life for whoever watches the installation. No login: there is nothing of the business in them."""

from django.urls import path

from crm import health

app_name = "health"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("healthz/worker", health.worker, name="worker"),
]
