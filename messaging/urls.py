"""Conversations, writing to customers, and what an admin says about messages."""

from django.urls import path

from messaging import compose_views, conversation_views, panels, settings_views, thread_views

app_name = "messaging"
urlpatterns = [
    path("conversations/", conversation_views.conversation_list, name="list"),
    path("conversations/<int:pk>/", thread_views.conversation_detail, name="detail"),
    path("conversations/<int:pk>/read/", thread_views.conversation_read, name="read"),
    path("conversations/<int:pk>/send/", thread_views.conversation_send, name="send"),
    path("conversations/<int:pk>/close/", conversation_views.conversation_close, name="close"),
    path("conversations/<int:pk>/reopen/", conversation_views.conversation_reopen, name="reopen"),
    path("conversations/<int:pk>/assign/", conversation_views.conversation_assign, name="assign"),
    path("conversations/<int:pk>/attach/", conversation_views.conversation_attach, name="attach"),
    path("conversations/<int:pk>/replace-links/", conversation_views.conversation_replace_links, name="replace-links"),
    path("conversations/of-contact/<int:pk>/", conversation_views.conversation_of_contact, name="of-contact"),
    path("messages/<int:pk>/again/", thread_views.message_again, name="again"),
    path("invoices/<int:pk>/send/", compose_views.invoice_compose, name="compose"),
    path("invoices/<int:pk>/send/preview/", compose_views.invoice_preview, name="preview"),
    path("invoices/<int:pk>/messages/", panels.invoice_panel, name="invoice-panel"),
    path("account/notices/", settings_views.staff_notices, name="notices"),
    path("settings/messages/", settings_views.messaging_settings, name="settings"),
]
