"""Switches that hold the desk back, cancels of many orders at once, and the daily rehearsal with its time."""

from datetime import time

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


def add_schedule(apps, schema_editor):
    entries = apps.get_model("orders", "RehearsalSchedule").objects
    if not entries.exists():
        entries.create(starts_at=time(8, 40))


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_schedule'),
        ('orders', '0003_command_protocol'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rehearsal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True, verbose_name='날짜')),
                ('started_at', models.DateTimeField(verbose_name='시작')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='끝')),
                ('accounts', models.PositiveIntegerField(default=0, verbose_name='계좌')),
                ('orders', models.PositiveIntegerField(default=0, verbose_name='미체결 주문')),
                ('scopes', models.JSONField(default=list, verbose_name='범위별 건수')),
                ('differences', models.JSONField(default=list, verbose_name='차이')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='다이제스트')),
                ('matched', models.BooleanField(null=True, verbose_name='일치')),
            ],
            options={
                'verbose_name': '킬 스위치 연습',
                'verbose_name_plural': '킬 스위치 연습',
                'ordering': ('-day',),
            },
        ),
        migrations.CreateModel(
            name='RehearsalSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.TimeField(verbose_name='시작 시각(KST)')),
                ('enabled', models.BooleanField(default=True, verbose_name='사용')),
            ],
            options={
                'verbose_name': '킬 스위치 연습 일정',
                'verbose_name_plural': '킬 스위치 연습 일정',
            },
        ),
        migrations.CreateModel(
            name='Switch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('kill', '킬 스위치'), ('sending_off', '주문 전송 중지')], max_length=12, verbose_name='종류')),
                ('scope', models.CharField(choices=[('all', '전체'), ('manager', '운용역'), ('account', '계좌'), ('market', '시장')], max_length=8, verbose_name='범위')),
                ('market', models.CharField(blank=True, choices=[('KRX', '국내주식'), ('US', '미국주식'), ('ASIA', '아시아주식'), ('FO', '국내파생')], max_length=8, verbose_name='대상 시장')),
                ('reason', models.CharField(max_length=200, verbose_name='사유')),
                ('intent', models.UUIDField(default=uuid.uuid4, verbose_name='의도 키')),
                ('engaged_at', models.DateTimeField(verbose_name='가동')),
                ('release_asked_at', models.DateTimeField(blank=True, null=True, verbose_name='해제 요청')),
                ('release_reason', models.CharField(blank=True, max_length=200, verbose_name='해제 사유')),
                ('released_at', models.DateTimeField(blank=True, null=True, verbose_name='해제')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clientaccount', verbose_name='대상 계좌')),
                ('engaged_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='가동한 사람')),
                ('manager', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='대상 운용역')),
                ('release_asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='해제 요청자')),
                ('released_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='해제 승인자')),
            ],
            options={
                'verbose_name': '주문 스위치',
                'verbose_name_plural': '주문 스위치',
                'ordering': ('-engaged_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='CommandBatch',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('selection', '선택 취소'), ('kill', '킬 스위치 취소')], max_length=10, verbose_name='종류')),
                ('intent', models.UUIDField(verbose_name='의도 키')),
                ('parameters_hash', models.CharField(editable=False, max_length=64)),
                ('address', models.GenericIPAddressField(null=True, verbose_name='주소')),
                ('created_at', models.DateTimeField(verbose_name='요청')),
                ('worked_at', models.DateTimeField(verbose_name='최근 진행')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='끝')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to=settings.AUTH_USER_MODEL, verbose_name='요청자')),
                ('switch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='orders.switch', verbose_name='스위치')),
            ],
            options={
                'verbose_name': '일괄 취소',
                'verbose_name_plural': '일괄 취소',
                'ordering': ('-created_at',),
            },
        ),
        migrations.CreateModel(
            name='BatchRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(verbose_name='순서')),
                ('expected_version', models.PositiveBigIntegerField(verbose_name='본 버전')),
                ('state', models.CharField(choices=[('pending', '대기'), ('taken', '요청 중'), ('submitted', '요청함'), ('refused', '요청하지 않음'), ('expired', '보내지 않음')], default='pending', max_length=10, verbose_name='상태')),
                ('code', models.CharField(blank=True, max_length=32, verbose_name='코드')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='사유')),
                ('taken_at', models.DateTimeField(blank=True, null=True, verbose_name='시작')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='끝')),
                ('command', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.ordercommand', verbose_name='명령')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order', verbose_name='주문')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='orders.commandbatch', verbose_name='일괄 취소')),
            ],
            options={
                'verbose_name': '일괄 취소 행',
                'verbose_name_plural': '일괄 취소 행',
                'ordering': ('position',),
                'indexes': [models.Index(fields=['batch', 'state', 'position'], name='orders_batc_batch_i_5c98a3_idx')],
                'constraints': [models.UniqueConstraint(fields=('batch', 'order'), name='batch_order_once'), models.UniqueConstraint(fields=('batch', 'position'), name='batch_position_once')],
            },
        ),
        migrations.AddIndex(
            model_name='switch',
            index=models.Index(fields=['released_at', 'kind'], name='orders_swit_release_48f54e_idx'),
        ),
        migrations.AddConstraint(
            model_name='switch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account', None), ('manager', None), ('market', ''), ('scope', 'all')), models.Q(('account', None), ('manager__isnull', False), ('market', ''), ('scope', 'manager')), models.Q(('account__isnull', False), ('manager', None), ('market', ''), ('scope', 'account')), models.Q(('account', None), ('manager', None), ('scope', 'market'), models.Q(('market', ''), _negated=True)), _connector='OR'), name='switch_target_fits_scope'),
        ),
        migrations.AddConstraint(
            model_name='switch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('released_at', None), ('released_by', None)), models.Q(('release_asked_by__isnull', False), ('released_at__isnull', False), ('released_by__isnull', False), models.Q(('released_by', models.F('release_asked_by')), _negated=True)), _connector='OR'), name='switch_released_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='switch',
            constraint=models.UniqueConstraint(fields=('engaged_by', 'intent'), name='switch_intent_once'),
        ),
        migrations.AddConstraint(
            model_name='switch',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at', None), ('scope', 'all')), fields=('kind',), name='one_engaged_for_all'),
        ),
        migrations.AddConstraint(
            model_name='switch',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at', None), ('scope', 'manager')), fields=('kind', 'manager'), name='one_engaged_a_manager'),
        ),
        migrations.AddConstraint(
            model_name='switch',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at', None), ('scope', 'account')), fields=('kind', 'account'), name='one_engaged_an_account'),
        ),
        migrations.AddConstraint(
            model_name='switch',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at', None), ('scope', 'market')), fields=('kind', 'market'), name='one_engaged_a_market'),
        ),
        migrations.AddConstraint(
            model_name='commandbatch',
            constraint=models.UniqueConstraint(fields=('actor', 'intent'), name='batch_intent_once_an_actor'),
        ),
        migrations.RunPython(add_schedule, migrations.RunPython.noop),
    ]
