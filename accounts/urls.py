"""Addresses of the account and sync pages, and of their part of the REST API."""

from __future__ import annotations

from django.urls import path

from accounts import api, views

urlpatterns = [
    path("accounts/", views.account_list, name="account-list"),
    path("accounts/<int:pk>/", views.account_detail, name="account-detail"),
    path("accounts/<int:pk>/sync/", views.sync_account, name="account-sync"),
    path("sync/", views.sync_overview, name="sync"),
    path("sync/now/", views.sync_now, name="sync-now"),
    path("sync/runs/<int:pk>/", views.sync_run, name="sync-run"),
]

api_urlpatterns = [
    path("accounts/", api.AccountList.as_view()),
    path("accounts/<int:pk>/", api.AccountDetail.as_view()),
    path("accounts/<int:pk>/balance/", api.BalanceDetail.as_view()),
    path("accounts/<int:pk>/settlements/", api.SettlementList.as_view()),
    path("accounts/<int:pk>/trades/", api.TradeList.as_view()),
    path("accounts/<int:pk>/order-details/", api.OrderDetailList.as_view()),
    path("events/", api.EventList.as_view()),
    path("sync/runs/", api.RunList.as_view()),
    path("sync/runs/<int:pk>/", api.RunDetail.as_view()),
    path("sync/coverage/", api.CoverageList.as_view()),
]
