"""The dashboard, settings of the business, and people."""

from django.urls import path

from crm import people_views, settings_views, staff_views

app_name = "staff"
urlpatterns = [
    path("", staff_views.dashboard, name="dashboard"),
    path("account/", staff_views.account, name="account"),
    path("logo/", staff_views.logo, name="logo"),
    path("settings/", settings_views.settings_index, name="settings"),
    path("settings/business/", settings_views.business, name="business"),
    path("settings/people/", people_views.people_list, name="people"),
    path("settings/people/invite/", people_views.invite, name="invite"),
    path("settings/people/second-factor/", settings_views.second_factor, name="second-factor"),
    path("settings/people/invitations/<int:pk>/resend/", people_views.resend, name="invitation-resend"),
    path("settings/people/invitations/<int:pk>/withdraw/", people_views.withdraw, name="invitation-withdraw"),
    path("settings/people/<int:pk>/role/", people_views.change_role, name="person-role"),
    path("settings/people/<int:pk>/deactivate/", people_views.deactivate, name="person-deactivate"),
    path("settings/people/<int:pk>/reactivate/", people_views.reactivate, name="person-reactivate"),
    path("settings/people/<int:pk>/second-factor/", people_views.reset_second_factor, name="person-second-factor"),
    path("invitations/<str:secret>/", people_views.join, name="join"),
]
