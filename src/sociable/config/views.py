"""Says how the installation is, and what a page says when something is refused, missing or broken."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from sociable.due import queries as due

LEAST_FREE_BYTES = 200 * 1024 * 1024


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """This function will say that the process answers, without asking the database."""
    return JsonResponse({"live": True})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """This function will say whether requests should be sent here: database, migrations, worker and disk."""
    try:
        executor = MigrationExecutor(connection)
        found = {
            "migrated": not executor.migration_plan(executor.loader.graph.leaf_nodes()),
            "worker": not due.late(timezone.now() - timedelta(seconds=60)).exists(),
            "disk": shutil.disk_usage(settings.DATA_DIR).free > LEAST_FREE_BYTES,
        }
    except DatabaseError:
        found = {"database": False}
    return JsonResponse({"ready": all(found.values()), **found}, status=200 if all(found.values()) else 503)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "500.html", status=500)


def form_out_of_date(request: HttpRequest, reason: str = "", **kwargs: Any) -> HttpResponse:
    """This function will answer a form whose security mark is missing or old: nothing was sent, and it can be sent again."""
    return render(request, "403_csrf.html", status=403)
