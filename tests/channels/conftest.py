"""Installs the channel of another package as anybody would, where a test asks for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sociable.channels import registry

OUTSIDE = Path(__file__).parent / "outside"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the outside package as its own build tool makes it: module, metadata and entry point."""
    import zipfile

    folder = tmp_path_factory.mktemp("site")
    build = "import sys; from flit_core import buildapi; print(buildapi.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=OUTSIDE, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(folder / done.stdout.strip()) as wheel:
        wheel.extractall(folder)
    return folder


@pytest.fixture(scope="module", params=[*sorted(registry.kinds()), "pebble"])
def kind(request: pytest.FixtureRequest, installed: Path) -> Iterator[str]:
    """Every channel there is: those that come with Sociable, and the one of another package."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "pebble":
            patch.syspath_prepend(str(installed))
            registry.kinds.cache_clear()
        yield request.param
    registry.kinds.cache_clear()


@pytest.fixture
def pebble(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type]:
    """The adapter of the outside package, found by its entry point like any other."""
    monkeypatch.syspath_prepend(str(installed))
    registry.kinds.cache_clear()
    yield registry.adapter_class("pebble")
    registry.kinds.cache_clear()
