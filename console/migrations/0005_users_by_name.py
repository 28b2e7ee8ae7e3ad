"""People are found by the key of their name."""

from django.db import migrations

import console.people.names


class Migration(migrations.Migration):
    dependencies = [("console", "0004_claimed")]

    operations = [migrations.AlterModelManagers(name="user", managers=[("objects", console.people.names.Users())])]
