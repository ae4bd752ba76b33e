"""Decides on what the tests stand: which database, which folder, which real servers, how random the random cases are.

What a test is about, and the people in it, it leaves to the folders below.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import postgres
from tests.servers import bluesky

pytest_plugins = ["tests.pages", "tests.cast"]  # the client that checks every page it fetches; people and bodies

IN_CI = os.environ.get("CI") == "true"
ON_POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")
TOUCHES_TABLES = {"db", "transactional_db", "django_db_setup", "live_server", "database_url"}

hypothesis.settings.register_profile("here", deadline=None)  # a slow machine is not a broken rule
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if IN_CI else "here")

SERVERS = Path(__file__).parents[1] / ".servers" / "bin"  # what scripts/servers installs
# What a real server is called in a test, the program that proves it is here, and how to get it.
REAL = {
    "bluesky": ((), "run scripts/servers bluesky"),
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "Debian and Ubuntu: apt install chromium"),
    "dovecot": (("dovecot", "/usr/sbin/dovecot"), "Debian and Ubuntu: apt install dovecot-imapd dovecot-lmtpd"),
    "mastodon": ((str(SERVERS / "mastodon_mock"),), "run scripts/servers"),
    "postfix": (("postfix", "/usr/sbin/postfix"), "Debian and Ubuntu: apt install postfix"),
    "postgresql": ((), "Debian and Ubuntu: apt install postgresql"),
    "redis": (("redis-server",), "Debian and Ubuntu: apt install redis-server"),
}


def require(name: str) -> Path:
    """Return the program of a real server, or skip the test and say why; in CI a missing one is a failure."""
    names, how = REAL[name]
    found = next(filter(None, map(shutil.which, names)), None)
    if name == "postgresql" and (folder := postgres.programs()):
        found = str(folder / "postgres")
    if name == "bluesky" and (node := bluesky.node()):
        found = str(node)
    if not found:
        refuse = pytest.fail if IN_CI else pytest.skip
        refuse(f"{name} is not installed here ({how})")
    return Path(str(found))


def sample_data(*parts: str) -> Path:
    """Return a folder or file of the sample data that lies beside a checkout of ours, or skip where it is absent."""
    path = Path(__file__).parents[2].joinpath("shared", "data", *parts)
    if not path.exists():
        pytest.skip(f"no sample data here: ../shared/data/{'/'.join(parts)}")
    return path


def specification(name: str) -> Path | None:
    """Return a network's published description from the sample data, or None: a test of a stand-in runs without it too."""
    path = Path(__file__).parents[2].joinpath("shared", "data", "specs", name)
    return path if path.exists() else None


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    if (folder := Path(os.environ.get("DATA_DIR", ""))).name.startswith("sociable-tests-"):
        shutil.rmtree(folder, ignore_errors=True)


def pytest_report_header() -> str:
    """Say which database this run is about."""
    return f"database: {'PostgreSQL' if ON_POSTGRES else 'SQLite'}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL run what touches tables; the rest, and the browser's journeys, ran on SQLite."""
    if not ON_POSTGRES:
        return
    chosen = [item for item in items if _touches_tables(item) and not item.get_closest_marker("browser")]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


def _touches_tables(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or not TOUCHES_TABLES.isdisjoint(
        getattr(item, "fixturenames", ())
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL server, whichever database this run is about."""
    if ON_POSTGRES:
        yield os.environ["DATABASE_URL"]
        return
    require("postgresql")
    with postgres.private_server() as address:
        yield address


@pytest.fixture
def new_postgres_database(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases for processes that a test starts, and drops them afterwards."""
    import psycopg
    from psycopg import sql

    made: list[str] = []

    def make() -> str:
        name = f"own_{os.getpid()}_{os.urandom(4).hex()}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        made.append(name)
        return postgres_server.rsplit("/", 1)[0] + "/" + name

    yield make
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """DATABASE_URL for processes that a test starts: an empty database of the kind this run is about.

    Empty text means SQLite in their DATA_DIR.
    """
    if not ON_POSTGRES:
        return ""
    address: str = request.getfixturevalue("new_postgres_database")()
    return address
