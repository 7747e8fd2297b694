"""Signs of life for whoever watches the installation."""

from django.urls import URLPattern

app_name = "health"
urlpatterns: list[URLPattern] = []
