"""The button of a KIS account's page: ask the broker for its balance now."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import access, audit
from accounts.models import AuditEvent, Role
from orders import tasks
from orders.models import KisAccount
from orders.views.door import person

MAY_ASK = {Role.MANAGER, Role.OPERATIONS}
AGAIN_AFTER = timedelta(seconds=10)
ASKED = "balance.asked"


@login_required
@require_POST
def refresh_balance(request: HttpRequest, pk: int) -> HttpResponse:
    """Wake a worker for one account, unless it was asked a moment ago."""
    user = person(request)
    account = access.visible_accounts(user).filter(pk=pk).first()
    row = KisAccount.objects.filter(account=account).first() if account is not None else None
    if row is None:
        raise Http404
    if user.role not in MAY_ASK:
        raise PermissionDenied
    asked = AuditEvent.objects.filter(action=ASKED, account=row.account_id, at__gt=timezone.now() - AGAIN_AFTER)
    if asked.exists():
        messages.warning(request, _("방금 조회했습니다. 잠시 뒤에 다시 눌러 주십시오."))
    else:
        with transaction.atomic():
            audit.record(audit.By.request(request), audit.Act(ASKED, account=row.account))
        tasks.refresh_balance.delay(row.pk, username=user.get_username())
        messages.info(request, _("KIS에 잔고를 조회하고 있습니다."))
    return HttpResponseRedirect(reverse("account-detail", args=[pk]))
