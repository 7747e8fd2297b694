from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Heard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("subject", models.BigIntegerField(help_text="the pk of the contact, invoice or payment it is about")),
                ("origin", models.CharField(blank=True, max_length=20)),
            ],
        ),
    ]
