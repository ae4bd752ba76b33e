"""What benchmarks share: the machine in a line, medians with their spread, and a fresh installation in a folder of its own."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]  # the tests' private PostgreSQL, and the product


def machine() -> str:
    """Say what this ran on, without naming the machine."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({model}), {memory_gib:.0f} GiB, Python {platform.python_version()}, load {load:.1f} at the start"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def spread(values: Sequence[float]) -> str:
    """Say the median of several runs and how far they lay apart."""
    return f"{statistics.median(values):,.0f} (from {min(values):,.0f} to {max(values):,.0f} in {len(values)} runs)"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile of measured values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


def peak_memory_mib() -> float:
    """Return the most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def own_memory_mib() -> float:
    """Return what this process holds for itself now: pages of the database file that SQLite maps are the system's cache."""
    status = Path("/proc/self/status")
    held = [line for line in status.read_text().splitlines() if line.startswith("RssAnon")] if status.exists() else []
    return int(held[0].split()[1]) / 1024 if held else peak_memory_mib()


def installation(database_url: str = "") -> Path:
    """Make a new example installation in a temporary folder and start Django in this process on it."""
    folder = Path(tempfile.mkdtemp(prefix="sociable-bench-"))
    os.environ |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "sociable.config.settings", "LOG_LEVEL": "ERROR"}
    os.environ["DATABASE_URL"] = database_url
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return folder
