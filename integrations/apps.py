from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        from integrations import mail_events, receivers  # noqa: F401 - connects by being imported
