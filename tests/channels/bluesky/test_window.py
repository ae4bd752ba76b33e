"""Reading a listing downwards loses nothing, tells nothing twice and notices what goes: against a listing that changes meanwhile."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.bluesky.window import HIDDEN, Sight, Window, everything, look

PAGE = 5


@dataclass
class Listing:
    """What a network holds, newest first; its pages go on below the last of the page before."""

    held: dict[str, Sight] = field(default_factory=dict)

    def page(self, below: str) -> tuple[list[Sight], str]:
        down = sorted(self.held.values(), key=lambda sight: sight.at, reverse=True)
        down = [sight for sight in down if not below or sight.at < below]
        return down[:PAGE], down[PAGE - 1].at if len(down) > PAGE else ""


@dataclass
class Reader:
    """Reads as the adapter does; its window is written down and read again between any two pages."""

    window: Window = field(default_factory=Window)
    told: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def turn(self, listing: Listing) -> bool:
        step = look(self.window, *listing.page(self.window.page))
        self.told += step.new
        self.gone += step.missing
        self.changed += step.changed
        self.window = Window.read(step.window.kept())
        return step.more

    def catch_up(self, listing: Listing) -> None:
        while self.turn(listing):
            pass


instants = st.lists(st.integers(0, 999), unique=True, max_size=40)


def sight(number: int, version: str = "a") -> Sight:
    return Sight(f"post{number}", version, f"{number:04}")


@given(there=instants, arriving=instants, turns_between=st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_what_arrives_on_top_is_told_once_whenever_it_comes(
    there: list[int], arriving: list[int], turns_between: list[int]
) -> None:
    listing = Listing({f"post{number}": sight(number) for number in there})
    reader = Reader()
    for number, turns in zip(sorted(arriving), turns_between, strict=False):
        listing.held[f"post{1000 + number}"] = sight(1000 + number)
        for _ in range(turns):
            reader.turn(listing)
    reader.catch_up(listing)
    reader.catch_up(listing)
    assert sorted(reader.told) == sorted(listing.held)
    assert reader.gone == reader.changed == []


@given(there=instants, late=instants)
def test_what_arrives_late_is_told_while_it_stands_on_the_first_page(there: list[int], late: list[int]) -> None:
    listing = Listing({f"post{number}": sight(number) for number in there})
    reader = Reader()
    reader.catch_up(listing)
    for number in late:
        listing.held.setdefault(f"post{number}", sight(number))
        reader.catch_up(listing)
        on_top, _ = listing.page("")
        assert {each.key for each in on_top} <= set(reader.told)
    assert len(reader.told) == len(set(reader.told))


@given(there=instants, data=st.data())
def test_what_goes_from_the_first_page_is_noticed_once(there: list[int], data: st.DataObject) -> None:
    listing = Listing({f"post{number}": sight(number) for number in there})
    reader = Reader()
    reader.catch_up(listing)
    on_top, _ = listing.page("")
    removed = data.draw(st.sets(st.sampled_from([each.key for each in on_top]))) if on_top else set()
    for key in removed:
        del listing.held[key]
    reader.catch_up(listing)
    reader.catch_up(listing)
    assert set(reader.gone) == removed
    assert len(reader.gone) == len(removed)


def test_a_change_is_told_and_then_known() -> None:
    listing = Listing({"post1": sight(1), "post2": sight(2)})
    reader = Reader(everything(listing.page("")[0]))
    listing.held["post1"] = sight(1, "b")
    reader.catch_up(listing)
    reader.catch_up(listing)
    assert (reader.told, reader.changed) == ([], ["post1"])


def test_what_is_hidden_is_not_asked_for_again_and_comes_back_unchanged() -> None:
    listing = Listing({"post1": sight(1), "post2": sight(2)})
    reader = Reader(everything(listing.page("")[0]))
    blocked = listing.held.pop("post1")
    before = reader.window
    step = look(before, *listing.page(""))
    assert step.missing == ("post1",)
    reader.window = Window.read(step.window.hiding(step.missing, before).kept())
    assert reader.window.seen["post1"].version == HIDDEN
    reader.catch_up(listing)
    listing.held["post1"] = blocked
    reader.catch_up(listing)
    assert (reader.told, reader.changed, reader.gone) == ([], [], [])
    assert reader.window.seen["post1"] == blocked


def test_a_window_that_makes_no_sense_begins_anew() -> None:
    assert Window.read(None) == Window.read("x") == Window()
    assert everything([]) == Window()
