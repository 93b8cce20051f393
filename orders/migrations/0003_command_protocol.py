import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0002_recoveries'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='requestpace',
            name='next_at',
        ),
        migrations.AddField(
            model_name='requestpace',
            name='taken',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='requestpace',
            name='version',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='kisconnection',
            name='egw_refusals_prove',
            field=models.BooleanField(default=False, help_text="EGW00121·00123·00201 응답을 '주문이 실행되지 않음'으로 봅니다. KIS의 확인을 받은 뒤에만 켜십시오.", verbose_name='EGW 거절을 미체결 증거로'),
        ),
        migrations.AddField(
            model_name='ordercommand',
            name='waits_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='OrderInquiry',
            fields=[
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='asked', serialize=False, to='orders.order')),
                ('asked_at', models.DateTimeField(verbose_name='최근 요청')),
            ],
            options={
                'verbose_name': '지금 조회',
                'verbose_name_plural': '지금 조회',
            },
        ),
    ]
