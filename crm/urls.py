"""The root of all addresses. The upper floors are included by name, so that no import points up."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

# The admin logs in by the same door as everybody, second factor included.
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("crm.staff_urls")),
    path("", include("crm.health_urls")),
    path("", include("crm.help_urls")),
    path("", include("invoicing.public_urls")),
    path("contacts/", include("crm.contact_urls")),
    path("invoices/", include("invoicing.urls")),
    path("", include("invoicing.settings_urls")),
    path("", include("messaging.urls")),
    path("", include("messaging.public_urls")),
    path("", include("integrations.urls")),
]
