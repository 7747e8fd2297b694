"""Addresses of following the books."""

from django.urls import URLPattern, path

from integrations import sync_views

urlpatterns: list[URLPattern] = [
    path("settings/integrations/sync-log/", sync_views.log, name="sync-log"),
    path("settings/integrations/sync-log/sync-log.csv", sync_views.log_export, name="sync-log-export"),
    path("settings/integrations/sync-log/try-again/", sync_views.try_again, name="sync-try-again"),
    path("settings/integrations/outbox/try-again/", sync_views.outbox_try_again, name="outbox-try-again"),
    path("settings/integrations/sync-now/", sync_views.sync_now, name="sync-now"),
    path("settings/integrations/sync-now/progress/", sync_views.sync_progress, name="sync-progress"),
    path("settings/integrations/sync/", sync_views.sync_settings, name="sync-settings"),
]
