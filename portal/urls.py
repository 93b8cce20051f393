"""Every address of the portal."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from accounts import urls as accounts_urls
from orders import urls as orders_urls
from portal import views

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # one door, with its factor
admin.site.site_header = admin.site.site_title = "일임 포털"

api_urlpatterns = [
    *accounts_urls.api_urlpatterns,
    *orders_urls.api_urlpatterns,
    path("schema/", views.ApiSchema.as_view(), name="schema"),
    path("docs/", views.ApiDocs.as_view(url_name="schema"), name="docs"),
]

urlpatterns = [
    path("", views.today, name="today"),
    *accounts_urls.urlpatterns,
    *orders_urls.urlpatterns,
    path("account/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(api_urlpatterns)),
    path("simulator/", views.simulator, name="simulator"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.not_found
handler500 = views.server_error
