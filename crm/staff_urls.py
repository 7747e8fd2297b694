"""The dashboard, settings of the business, and people."""

from django.urls import URLPattern

app_name = "staff"
urlpatterns: list[URLPattern] = []
