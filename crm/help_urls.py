"""The help."""

from django.urls import path

from crm import help_views

app_name = "help"
urlpatterns = [
    path("help/", help_views.help_index, name="index"),
    path("help/<slug:slug>/", help_views.help_page, name="page"),
    path("settings/help-answers/", help_views.help_answers, name="answers"),
]
