"""What those who get messages reach without a login."""

from django.urls import path

from messaging import public

app_name = "messages-public"
urlpatterns = [
    path("u/<str:token>/", public.unsubscribe, name="unsubscribe"),
    path("i/<str:token>/ask/", public.ask, name="ask"),
]
