"""Addresses of the order pages and of their part of the REST API."""

from __future__ import annotations

from django.urls import path

from orders import api, views

urlpatterns = [
    path("orders/balances/<int:pk>/", views.refresh_balance, name="kis-balance"),
    path("orders/", views.blotter, name="blotter"),
    path("orders/unresolved/", views.unresolved, name="unresolved"),
    path("orders/feed/", views.feed, name="kis-feed"),
    path("orders/sessions/", views.sessions, name="sessions"),
    path("orders/cancel-selected/", views.cancel_selected, name="cancel-selected"),
    path("orders/batches/<uuid:pk>/", views.batch, name="batch"),
    path("orders/batches/<uuid:pk>/outcomes/", views.batch_outcomes, name="batch-outcomes"),
    path("orders/switches/", views.switch_list, name="switches"),
    path("orders/switches/new/", views.switch_new, name="switch-new"),
    path("orders/switches/<int:pk>/", views.switch_page, name="switch"),
    path("orders/switches/<int:pk>/rest/", views.switch_rest, name="switch-rest"),
    path("orders/switches/<int:pk>/release-request/", views.switch_ask_release, name="switch-ask-release"),
    path("orders/switches/<int:pk>/release/", views.switch_release, name="switch-release"),
    path("orders/<int:pk>/", views.timeline, name="order-timeline"),
    path("orders/<int:pk>/evidence.json", views.evidence_json, name="order-evidence-json"),
    path("orders/<int:pk>/evidence.csv", views.evidence_csv, name="order-evidence-csv"),
    path("orders/<int:pk>/cancel/", views.cancel, name="order-cancel"),
    path("orders/<int:pk>/modify/", views.modify, name="order-modify"),
]

api_urlpatterns = [
    path("orders/", api.OrderList.as_view()),
    path("orders/recoveries/", api.RecoveryList.as_view()),
    path("orders/cancel-selected/", api.CancelSelected.as_view()),
    path("orders/<int:pk>/", api.OrderDetail.as_view()),
    path("orders/<int:pk>/events/", api.OrderEventList.as_view()),
    path("orders/<int:pk>/cancel/", api.CancelOrder.as_view()),
    path("orders/<int:pk>/modify/", api.ModifyOrder.as_view()),
    path("orders/<int:pk>/inquire/", api.InquireOrder.as_view()),
    path("commands/<uuid:pk>/", api.CommandDetail.as_view()),
    path("notices/", api.NoticeList.as_view()),
    path("batches/<uuid:pk>/", api.BatchDetail.as_view()),
    path("switches/", api.SwitchList.as_view()),
    path("switches/preview/", api.SwitchPreview.as_view()),
    path("switches/<int:pk>/", api.SwitchDetail.as_view()),
    path("switches/<int:pk>/rest/", api.SwitchRest.as_view()),
    path("switches/<int:pk>/release-request/", api.ReleaseRequest.as_view()),
    path("switches/<int:pk>/release/", api.Release.as_view()),
]
