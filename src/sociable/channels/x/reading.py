"""Reads an account's mentions, its own posts and its direct messages, one page a question, without losing any.

A kind of thing for which X wants a pause keeps no other waiting. Leaves what a thing says to `parse`.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta

from sociable.channels.base import ChannelError, Fetched, RateLimited, RawItem
from sociable.channels.x.asking import Asking
from sociable.channels.x.config import XConfig
from sociable.channels.x.line import Refused
from sociable.channels.x.place import Gap, Place
from sociable.channels.x.raw import Fields, at_of_id, fields, gone_item, id_at, listed, message_item, post_item, text

MENTIONS, OWN, MESSAGES = "mentions", "own", "messages"
FEWEST_POSTS, MOST = 5, 100
# X lists a post some moments after it was written, perhaps behind a later one: the moments before the newest are read again.
LISTED_WITHIN = timedelta(minutes=2)
# Whether what was read is still there is asked once in so many fetches; it costs a question.
ROUNDS_A_LOOK = 15


class Reading:
    """What X has for one account."""

    def __init__(self, asking: Asking, config: XConfig, account: str) -> None:
        self._asking = asking
        self._account = account
        self._kinds: dict[str, Callable[[Place, int], list[RawItem]]] = {MENTIONS: self._mentions}
        if config.reads_own_posts:
            self._kinds[OWN] = self._own
        if config.reads_messages:
            self._kinds[MESSAGES] = self._messages
        self._owed: ChannelError | None = None

    def fetch(self, cursor: str, limit: int) -> Fetched:
        """Return one page of each kind, oldest first; while a gap is open, of what lies in gaps alone.

        Where one kind failed and another did not, what came is returned first and the failure raised when asked again.
        Errors: ChannelError
        """
        if owed := self._owed:
            self._owed = None
            raise owed
        place = Place.read(cursor, self._account)
        self._asking.speak(place.spoken)
        open_kinds = [kind for kind in self._kinds if place.gap(kind).is_open]
        items, failures = self._each(place, open_kinds or list(self._kinds), limit)
        if not open_kinds and not failures:
            items += self._second_look(place)
        place.spoken = self._asking.spoken
        more = any(place.gap(kind).is_open for kind in self._kinds)
        after = place.cursor()
        if failures:
            if not items and after == cursor:
                raise failures[0]
            self._owed, more = failures[0], True
        return Fetched(sorted(items, key=_order), after, more)

    def _each(self, place: Place, kinds: list[str], limit: int) -> tuple[list[RawItem], list[ChannelError]]:
        items: list[RawItem] = []
        failures: list[ChannelError] = []
        for kind in kinds:
            gap = place.gap(kind)
            if kind != MENTIONS and self._asking.line.now and gap.paused_until > self._asking.line.now.timestamp():
                continue
            try:
                items += self._kinds[kind](place, limit)
            except RateLimited as error:
                if kind == MENTIONS or not self._pause(gap, error):
                    failures.append(error)
            except ChannelError as error:
                failures.append(error)
        return items, failures

    def _pause(self, gap: Gap, error: RateLimited) -> bool:
        """Note when a kind of thing may be asked for again, if X said; the others go on meanwhile."""
        now = self._asking.line.now
        if now is None or error.retry_after is None:
            return False
        gap.paused_until = int((now + error.retry_after).timestamp())
        return True

    def _mentions(self, place: Place, limit: int) -> list[RawItem]:
        return self._timeline(place, MENTIONS, f"/2/users/{self._account}/mentions", limit)

    def _own(self, place: Place, limit: int) -> list[RawItem]:
        return self._timeline(place, OWN, f"/2/users/{self._account}/tweets", limit)

    def _timeline(self, place: Place, kind: str, route: str, limit: int) -> list[RawItem]:
        gap = place.gap(kind)
        told = self._page(self._asking.posts, route, gap, max(FEWEST_POSTS, limit), _stretch(gap))
        items = _post_items(told, self._account, known=set(place.watched))
        ids = [text(post, "id") for post in _objects(told)]
        token = text(fields(told, "meta"), "next_token")
        gap.took(_numbers(ids), more=bool(token), token="" if ids else token)
        place.watch(ids)
        return items

    def _messages(self, place: Place, limit: int) -> list[RawItem]:
        gap = place.gap(MESSAGES)
        told = self._page(self._asking.messages, "/2/dm_events", gap, limit, {})
        ids = [text(message, "id") for message in _objects(told)]
        below = max(gap.floor, _shortly_before(gap.since))
        reached = any(number <= below for number in _numbers(ids))
        fresh = {
            f"x:dm:{each}" for each in ids if each not in place.heard and not (_numbers([each]) and int(each) <= below)
        }
        token = text(fields(told, "meta"), "next_token")
        gap.took(_numbers(ids), more=bool(token) and not reached, token=token)
        place.hear(ids)
        return [each for each in _message_items(told, self._account) if each.remote_id in fresh]

    def _page(self, ask: Callable[..., Fields], route: str, gap: Gap, size: int, params: dict[str, str]) -> Fields:
        """One page; a token that X no longer knows is let go, and reading goes on without it."""
        params = {**params, "max_results": str(min(MOST, size))}
        if gap.token:
            try:
                return ask(route, **params, pagination_token=gap.token)
            except Refused:
                gap.token = ""
        return ask(route, **params)

    def _second_look(self, place: Place) -> list[RawItem]:
        """Ask, now and then, which of the posts read last are gone."""
        place.rounds = (place.rounds + 1) % ROUNDS_A_LOOK
        if place.rounds or not place.watched:
            return []
        try:
            told = self._asking.posts("/2/tweets", ids=",".join(place.watched))
        except ChannelError:  # the next look will tell
            return []
        gone = {text(error, "resource_id"): error for error in listed(told, "errors") if _is_gone(error)}
        taken_back = [each for each in place.watched if each in gone]
        place.watched = [each for each in place.watched if each not in gone]
        return [gone_item(self._account, each, gone[each]) for each in taken_back]

    def newest_cursor(self) -> str:
        """Return the cursor that leaves out all there is today."""
        place = Place(account=self._account)
        for kind in self._kinds:
            gap = place.gap(kind)
            told = self._newest(kind)
            gap.floor = gap.since = max(_numbers([text(each, "id") for each in _objects(told)]), default=0)
        place.spoken = self._asking.spoken
        return place.cursor()

    def _newest(self, kind: str) -> Fields:
        if kind == MESSAGES:
            return self._asking.messages("/2/dm_events", max_results="1")
        route = f"/2/users/{self._account}/{'mentions' if kind == MENTIONS else 'tweets'}"
        return self._asking.posts(route, max_results=str(FEWEST_POSTS))

    def listed(self, since: datetime, until: datetime) -> Iterator[RawItem]:
        """Return every mention, and every message to the account, of a half-open stretch of time."""
        times = {"start_time": _stamp(since), "end_time": _stamp(until)}
        route = f"/2/users/{self._account}/mentions"
        for told in self._pages(lambda **page: self._asking.posts(route, max_results=str(MOST), **times, **page)):
            yield from _post_items(told, self._account)
        if MESSAGES in self._kinds:
            yield from self._messages_between(since, until)

    def _messages_between(self, since: datetime, until: datetime) -> Iterator[RawItem]:
        first, end = id_at(since), id_at(until)
        for told in self._pages(lambda **page: self._asking.messages("/2/dm_events", max_results=str(MOST), **page)):
            numbers = {text(each, "id"): each for each in _objects(told)}
            wanted = [each for each in numbers if each.isdecimal() and first <= int(each) < end]
            received = {f"x:dm:{each}" for each in wanted if text(numbers[each], "sender_id") != self._account}
            yield from (item for item in _message_items(told, self._account) if item.remote_id in received)
            if any(number < first for number in _numbers(list(numbers))):
                return

    def _pages(self, ask: Callable[..., Fields]) -> Iterator[Fields]:
        token, seen = "", set[str]()
        while token not in seen:
            seen.add(token)
            told = ask(**({"pagination_token": token} if token else {}))
            yield told
            token = text(fields(told, "meta"), "next_token")
            if not token:
                return


def _objects(told: Fields) -> list[Fields]:
    return [each for each in listed(told, "data") if isinstance(each, dict)]


def _post_items(told: Fields, account: str, known: Collection[str] = ()) -> list[RawItem]:
    includes, errors = fields(told, "includes"), listed(told, "errors")
    return [post_item(account, post, includes, errors) for post in _objects(told) if text(post, "id") not in known]


def _message_items(told: Fields, account: str) -> list[RawItem]:
    includes = fields(told, "includes")
    return [message_item(account, message, includes) for message in _objects(told)]


def _numbers(ids: list[str]) -> list[int]:
    return [int(each) for each in ids if each.isascii() and each.isdecimal()]


def _shortly_before(number: int) -> int:
    at = at_of_id(str(number)) if number else None
    return id_at(at - LISTED_WITHIN) if at else number


def _stretch(gap: Gap) -> dict[str, str]:
    """Where in a timeline to look, by the ids on either side."""
    since = max(gap.floor, _shortly_before(gap.since))
    return {name: str(value) for name, value in (("since_id", since), ("until_id", gap.until)) if value}


def _is_gone(error: object) -> bool:
    return text(error, "type").endswith("/resource-not-found")


def _order(item: RawItem) -> tuple[datetime, int]:
    """Oldest first; in one instant, as X numbered them."""
    number = next(iter(_numbers([item.remote_id.rpartition(":")[2]])), 0)
    return item.received_at or datetime.max.replace(tzinfo=UTC), number


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
