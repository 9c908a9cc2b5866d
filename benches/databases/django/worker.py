"""Deletes clients of the benchmark with Django's ORM, on request.

Arguments: `postgres ADDRESS SCHEMA`, or `sqlite FILE CACHE_MEGABYTES`. Each line of standard input is a request, and
each is answered by one line: `preview ID` and `delete ID` by a number of rows, `memory` by the peak in kilobytes. The
models have the rules of the benchmark's policy: invoices outlive their client, everything else is deleted with it.
"""

import resource
import sys
from urllib.parse import unquote, urlparse

import django
from django.apps import AppConfig
from django.conf import settings

system, place, detail = sys.argv[1:4]
if system == "postgres":
    url = urlparse(place)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": url.hostname,
        "PORT": url.port or 5432,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "NAME": url.path.lstrip("/"),
        "OPTIONS": {"options": f"-c search_path={detail} -c jit=off"},
    }
else:
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": place,
        "OPTIONS": {"timeout": 60, "init_command": f"PRAGMA cache_size=-{int(detail) * 1024}; PRAGMA synchronous=NORMAL"},
    }


class Bench(AppConfig):
    """An application of this file. Django finds the references between the models of applications only."""

    name = "bench"
    path = ""


settings.configure(
    DATABASES={"default": database}, INSTALLED_APPS=[Bench("bench", sys.modules[__name__])], USE_TZ=True
)
django.setup()

from django.contrib.admin.utils import NestedObjects  # noqa: E402
from django.db import connection, models  # noqa: E402


def identifier(**options):
    if system == "postgres":
        return models.UUIDField(**options)
    return models.CharField(max_length=36, **options)


class Client(models.Model):
    id = identifier(primary_key=True)
    cohort = models.TextField()
    email = models.TextField()
    name = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        app_label, managed, db_table = "bench", False, "clients"


def relation(table, field, to, survives=False):
    rule = models.SET_NULL if survives else models.CASCADE
    members = {
        "__module__": __name__,
        "id": identifier(primary_key=True),
        field: models.ForeignKey(to, rule, db_column=f"{field}_id", null=survives, related_name="+"),
        "number": models.IntegerField(),
        "status": models.TextField(),
        "note": models.TextField(),
        "created_at": models.DateTimeField(),
        "Meta": type("Meta", (), {"app_label": "bench", "managed": False, "db_table": table}),
    }
    return type(table, (models.Model,), members)


relation("consents", "client", Client)
relation("questionnaires", "client", Client)
relation("revokes", "client", Client)
Booking = relation("bookings", "client", Client)
relation("booking_items", "booking", Booking)
relation("debts", "client", Client)
Invoice = relation("invoices", "client", Client, survives=True)
relation("invoice_lines", "invoice", Invoice)
relation("sessions", "client", Client)
relation("devices", "client", Client)


def preview(client):
    """Collects what the page "Are you sure?" of Django's admin counts."""
    collector = NestedObjects(using="default", origin=client)
    collector.collect([client])
    return sum(len(rows) for rows in collector.model_objs.values())


def delete(client):
    deleted, _ = client.delete()
    return deleted


connection.ensure_connection()
print("ready", django.get_version(), flush=True)
for line in sys.stdin:
    request, *arguments = line.split()
    if request == "memory":
        answer = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    else:
        answer = {"preview": preview, "delete": delete}[request](Client.objects.get(pk=arguments[0]))
    print(answer, flush=True)
