"""Proposes a rota for 12 accounts and 40 people over 4 weeks of half hours, and says when it was how near to the best.

Beside it in the same run stands a plain model of the same body (a yes or no for each person, account and half hour), given
the same time and the same two workers. With --instances FOLDER it also solves the published instances 1 to 4 of the shift
scheduling benchmarks (schedulingbenchmarks.org; not ours to ship: Instance1.txt and so on, in their text form), with the
same rules over choices and the same search, and counts each result anew from the schedule alone.
Run: python benchmarks/proposals.py [--seconds 60] [--instances FOLDER] [--without-plain]
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic, process_time
from zoneinfo import ZoneInfo

import setting

sys.path[:0] = [str(setting.ROOT / "src")]

from sociable.domain.cover.limits import Limits  # noqa: E402
from sociable.domain.cover.proposal import (  # noqa: E402
    Account,
    Away,
    Need,
    Pattern,
    Person,
    Problem,
    Ready,
    Sheet,
    Span,
    Step,
    Wish,
    propose,
)
from sociable.domain.cover.proposal.drafting import steps_of  # noqa: E402
from sociable.domain.cover.proposal.duties import most_in_a_row, weekends_worked  # noqa: E402
from sociable.domain.cover.proposal.grid import runs  # noqa: E402
from sociable.domain.cover.proposal.improving import Part  # noqa: E402
from sociable.domain.cover.proposal.model import UNBOUNDED, Model  # noqa: E402
from sociable.domain.cover.proposal.problem import SLOT  # noqa: E402
from sociable.domain.cover.proposal.solving import Progress, solve  # noqa: E402

ZONE = ZoneInfo("Europe/London")
FIRST = date(2026, 6, 1)
HOUR = timedelta(hours=1)
BEST_KNOWN = {1: 607, 2: 828, 3: 1001, 4: 1716}
NEAR = 0.02

# -- A body that does not exist --------------------------------------------------------------------------------------------

ACCOUNT_HOURS = [((0, 1, 2, 3, 4, 5), 8, 20), *[((0, 1, 2, 3, 4), 8, 18)] * 4, *[((0, 1, 2, 3, 4, 5), 9, 17)] * 4,
                 *[((0, 1, 2, 3, 4), 9, 17)] * 3]  # fmt: skip
PATTERNS = ((8, 4), (8, 5), (9, 4), (12, 4), (13, 4), (13, 5), (16, 4), (8, 8), (9, 8), (10, 8), (12, 8))
DESCRIBED = (
    "12 accounts open 40 to 72 hours a week (the first needs two people), 40 people (about half of them full time, each\n"
    "ready for 1 to 4 accounts, 3 at once), a third with a week of leave, one day in 25 in training, three wishes each,\n"
    "11 shift patterns of 4 to 8 hours, 37 or 22 hours a week, 11 hours of rest, 5 days in a row; seed 7"
)


def at(day: date, hour: float) -> datetime:
    return datetime(day.year, day.month, day.day, int(hour), int(hour % 1 * 60), tzinfo=ZONE).astimezone(UTC)


def made_body(accounts: int = 12, people: int = 40, weeks: int = 4, seed: int = 7) -> Problem:
    dice = random.Random(seed)
    days = [FIRST + timedelta(days=n) for n in range(7 * weeks)]
    stated = [
        Account(number, f"Account {number + 1}", tuple(
            Need(Span(at(day, opens), at(day, closes)), 2 if number == 0 else 1) for day in days if day.weekday() in week
        ))
        for number, (week, opens, closes) in enumerate(ACCOUNT_HOURS[:accounts])
    ]  # fmt: skip
    return Problem(
        Span(at(days[0], 0), at(days[-1] + timedelta(days=1), 0)),
        tuple(stated),
        tuple(made_person(number, accounts, days, dice) for number in range(people)),
        tuple(Pattern(f"{starts} for {hours}", starts * 60, hours * HOUR) for starts, hours in PATTERNS),
    )


def made_person(number: int, accounts: int, days: list[date], dice: random.Random) -> Person:
    ready = {each: Ready() for each in dice.sample(range(accounts), dice.choice((1, 2, 2, 3, 3, 4)))}
    full = dice.random() < 0.55
    week = dice.sample(range(6), 5 if full else 3)
    full_days, part_days = ((8, 16), (9, 17), (10, 18), (12, 20), (8, 18)), ((8, 13), (9, 15), (13, 18), (9, 17))
    comes, goes = dice.choice(full_days if full else part_days)
    away = [Away(Span(at(day, 0), at(day, 23.5)), "in training") for day in days if dice.random() < 0.04]
    if dice.random() < 0.35:
        first = dice.randrange(len(days) - 5)
        away.append(Away(Span(at(days[first], 0), at(days[first + 4], 23.5)), "on leave"))
    wishes = [Wish(Span(at(day, 8), at(day, 20)), dice.random() < 0.5) for day in dice.sample(days, 3)]
    return Person(
        number, f"Person {number + 1}", ready,
        tuple(Span(at(day, comes), at(day, goes)) for day in days if day.weekday() in week), tuple(away),
        Limits(week=(37 if full else 22) * HOUR, days_in_a_row=5, at_once=3), wishes=tuple(wishes),
    )  # fmt: skip


# -- What is said of a search ----------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """When a search was how far, by the clock and by the processor: the latter is the same beside other load."""

    seen: list[tuple[float, int, float, int | None]] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    began: float = field(default_factory=process_time)

    def __call__(self, progress: Progress, holes: int | None = None) -> None:
        if progress.cost is not None:
            self.seen.append((progress.seconds, progress.cost, progress.gap, holes))
            self.worked.append(process_time() - self.began)

    def first(self, holds: Callable[[float], bool] = lambda _: True) -> str:
        found = next((n for n, (_, _, gap, _) in enumerate(self.seen) if holds(gap)), None)
        return "not in time" if found is None else self.when(found)

    def when(self, number: int) -> str:
        return f"{self.seen[number][0]:.1f} s ({self.worked[number]:.1f} s of processors)"

    def at(self, seconds: float) -> str:
        known = [each for each in self.seen if each[0] <= seconds]
        return f"{known[-1][2]:7.1%}" if known else "   none"

    def print(self, seconds: float) -> None:
        print(f"  first complete  {self.first()}")
        print(f"  within {NEAR:.0%}       {self.first(lambda gap: gap <= NEAR)}")
        print("  gap after       " + "".join(f"{mark:>5} s" for mark in (5, 10, 20, 30, 60) if mark <= seconds))
        print("                  " + "".join(self.at(mark) for mark in (5, 10, 20, 30, 60) if mark <= seconds))


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


# -- Ours, and a plain model ----------------------------------------------------------------------------------------------


def measure_ours(problem: Problem, seconds: float) -> None:
    watch = Watch()

    def tell(step: Step) -> None:
        watch(step.progress, step.hole_half_hours)

    began = monotonic()
    found = propose(problem, seconds=seconds, tell=tell, enough=0.0)
    print(f"\nSociable: columns, relaxed and rounded, improved by parts, bounded beside ({load()})")
    watch.print(seconds)
    print(
        f"  at the end      cost {found.progress.cost:,}, no rota below {found.progress.bound:,}, gap "
        f"{found.progress.gap:.2%} after {monotonic() - began:.1f} s in all; {len(found.shifts)} shifts, "
        f"{found.compared.after.hole_hours:g} hours open, {found.compared.after.hand_overs} hand-overs"
    )
    first = next((holes for _, _, _, holes in watch.seen), None)
    if first is not None:
        print(f"  hours open      {first / 2:g} in the first proposal, {found.compared.after.hole_hours:g} in the last")


def measure_plain(problem: Problem, seconds: float) -> None:
    from ortools.sat.python import cp_model

    program = plain_model(problem)
    watch, began = Watch(), monotonic()

    class Seen(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            bound = round(self.best_objective_bound)
            watch(Progress(monotonic() - began, round(self.objective_value), bound))

    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    solver.solve(program, Seen())
    cost, bound = solver.objective_value, solver.best_objective_bound
    watch(Progress(seconds, round(cost), round(bound)))
    print(f"\nA plain CP-SAT model: a choice for each person, account and half hour ({load()})")
    watch.print(seconds)
    print(f"  at the end      cost {cost:,.0f}, no rota below {bound:,.0f}")


def plain_model(problem: Problem):
    """Shifts of any length, so a little less is asked; the same prices for holes, shifts and the share of hours."""
    from ortools.sat.python import cp_model

    sheet, program, costs = Sheet.of(problem), cp_model.CpModel(), []
    there: dict[tuple[int, int], list] = defaultdict(list)
    for number, person in enumerate(problem.people):
        slots = sorted(sheet.working[number])
        on = {slot: program.new_bool_var("") for slot in slots}
        starts: dict[date, list] = defaultdict(list)
        longest = min(person.limits.longest_shift // SLOT, max(map(len, runs(set(slots))), default=0))
        weeks: dict[int, list] = defaultdict(list)
        for slot in slots:
            begins = program.new_bool_var("")
            program.add(begins >= on[slot] - on.get(slot - 1, 0))
            starts[sheet.grid.day(slot)].append(begins)
            weeks[sheet.grid.day(slot).isocalendar().week].append(on[slot])
            takes = []
            for account, ready in sheet.ready[number].items():
                if slot in ready and slot in sheet.needed[account]:
                    takes.append(program.new_bool_var(""))
                    program.add(takes[-1] <= on[slot])
                    there[account, slot].append(takes[-1])
            program.add(sum(takes) <= person.limits.at_once)
        for begun in starts.values():
            program.add(sum(begun) <= 1)
            costs += [problem.weights.shift * each for each in begun]
        for hours in weeks.values():
            program.add(sum(hours) <= person.limits.week // SLOT)
        steps = [(program.new_int_var(0, size, ""), price) for size, price in steps_of(len(slots), longest)]
        program.add(sum(on.values()) <= sum(step for step, _ in steps))
        costs += [problem.weights.uneven * price * step for step, price in steps]
        further = program.new_int_var(0, len(slots), "")
        program.add(sum(each for begun in starts.values() for each in begun) <= 1 + further)
        costs.append(problem.weights.further * further)
    for account, needed in enumerate(sheet.needed):
        for slot, people in needed.items():
            if there[account, slot]:
                missing = program.new_int_var(0, people, "")
                program.add(sum(there[account, slot]) + missing >= min(people, len(there[account, slot])))
                costs.append(problem.weights.hole * missing)
    program.minimize(sum(costs))
    return program


# -- Published instances ---------------------------------------------------------------------------------------------------


@dataclass
class Instance:
    """One published instance, as its file has it; requests by employee, day and shift."""

    days: int
    shifts: dict[str, tuple[int, list[str]]]
    staff: dict[str, tuple[dict[str, int], list[int]]]
    off: dict[str, set[int]]
    rather: dict[tuple[str, int, str], int]
    rather_not: dict[tuple[str, int, str], int]
    cover: list[tuple[int, str, int, int, int]]

    @classmethod
    def read(cls, path: Path) -> Instance:
        rows = sections(path)
        return cls(
            int(rows["HORIZON"][0][0]),
            {each[0]: (int(each[1]), [other for other in each[2].split("|") if other]) for each in rows["SHIFTS"]},
            {
                each[0]: (
                    {shift: int(most) for shift, most in (cap.split("=") for cap in each[1].split("|"))},
                    [int(number) for number in each[2:]],
                )
                for each in rows["STAFF"]
            },
            {each[0]: {int(day) for day in each[1:] if day} for each in rows["DAYS_OFF"]},
            {(who, int(day), shift): int(weight) for who, day, shift, weight in rows["SHIFT_ON_REQUESTS"]},
            {(who, int(day), shift): int(weight) for who, day, shift, weight in rows["SHIFT_OFF_REQUESTS"]},
            [(int(day), shift, int(need), int(under), int(over)) for day, shift, need, under, over in rows["COVER"]],
        )

    @property
    def granted(self) -> int:
        """What it would cost to grant no request: a model counts a granted one as so much less."""
        return sum(self.rather.values())


def sections(path: Path) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = defaultdict(list)
    name = ""
    for line in filter(None, (line.strip() for line in path.read_text().splitlines())):
        if line.startswith("SECTION_"):
            name = line.removeprefix("SECTION_")
        elif not line.startswith("#"):
            found[name].append(line.split(","))
    return found


Choices = dict[tuple[str, int, str], int]


def instance_model(instance: Instance) -> tuple[Model, list[Part], Choices]:
    model, choices, parts = Model(), {}, []
    for number, (who, (caps, numbers)) in enumerate(instance.staff.items()):
        most_minutes, least_minutes, most_row, least_row, least_off, weekends = numbers
        on: list[list[int]] = []
        for day in range(instance.days):
            free = day not in instance.off.get(who, ())
            names = [shift for shift in instance.shifts if free and caps.get(shift, instance.days)]
            for shift in names:
                key = (who, day, shift)
                choices[key] = model.choice(instance.rather_not.get(key, 0) - instance.rather.get(key, 0))
            on.append([choices[who, day, shift] for shift in names])
            model.at_most_one(on[-1])
            parts.append(Part(number, day, tuple(on[-1])))
        theirs = {key: choice for key, choice in choices.items() if key[0] == who}
        for shift, most in caps.items():
            model.require([(choice, 1) for key, choice in theirs.items() if key[2] == shift], most=most)
        minutes = [(choice, instance.shifts[key[2]][0]) for key, choice in theirs.items()]
        model.require(minutes, least=least_minutes, most=most_minutes)
        for (_, day, shift), choice in theirs.items():
            after = [
                theirs[who, day + 1, other] for other in instance.shifts[shift][1] if (who, day + 1, other) in theirs
            ]
            model.at_most_one([choice, *after])
        most_in_a_row(model, on, most_row)
        worked = weekends_worked(model, [on[day : day + 2] for day in range(5, instance.days, 7)])
        model.require([(choice, 1) for choice in worked], most=weekends)
        no_short_runs(model, on, least_row, least_off)
    for day, shift, need, under, over in instance.cover:
        working = [(choice, 1) for key, choice in choices.items() if key[1:] == (day, shift)]
        model.want(working, need, under=under, over=over)
    return model, [part for part in parts if part.choices], choices


def no_short_runs(model: Model, on: list[list[int]], least_on: int, least_off: int) -> None:
    """The one rule of theirs that our people do not have: a run of days on, or off, has a least length."""
    for inside, outside, least in ((1, -1, least_on), (-1, 1, least_off)):
        for length in range(1, least):
            for first in range(len(on) - length - 1):
                run = [(choice, inside) for day in on[first + 1 : first + 1 + length] for choice in day]
                ends = [(choice, outside) for day in (on[first], on[first + 1 + length]) for choice in day]
                model.require([*run, *ends], least=-UNBOUNDED, most=length - 1 if inside > 0 else 1)


def counted(instance: Instance, roster: dict[str, dict[int, str]]) -> int:
    """The objective, from the schedule alone; an AssertionError where a rule of the instance is broken."""
    for who, (caps, numbers) in instance.staff.items():
        check_rules(instance, roster[who], who, caps, numbers)
    cost = 0
    for key, weight in instance.rather.items():
        cost += weight * (roster[key[0]].get(key[1]) != key[2])
    for key, weight in instance.rather_not.items():
        cost += weight * (roster[key[0]].get(key[1]) == key[2])
    for day, shift, need, under, over in instance.cover:
        there = sum(theirs.get(day) == shift for theirs in roster.values())
        cost += under * max(0, need - there) + over * max(0, there - need)
    return cost


def check_rules(instance: Instance, theirs: dict[int, str], who: str, caps: dict[str, int], numbers: list[int]) -> None:
    most_minutes, least_minutes, most_row, least_row, least_off, weekends = numbers
    assert not instance.off.get(who, set()) & theirs.keys()
    assert all(list(theirs.values()).count(shift) <= most for shift, most in caps.items())
    assert least_minutes <= sum(instance.shifts[shift][0] for shift in theirs.values()) <= most_minutes
    assert all(theirs.get(day + 1) not in instance.shifts[shift][1] for day, shift in theirs.items())
    assert sum(day in theirs or day + 1 in theirs for day in range(5, instance.days, 7)) <= weekends
    for is_on, first, last in day_runs(instance.days, theirs):
        inside = first > 0 and last < instance.days - 1
        assert not is_on or last - first + 1 <= most_row
        assert not inside or last - first + 1 >= (least_row if is_on else least_off)


def day_runs(days: int, theirs: dict[int, str]) -> Iterator[tuple[bool, int, int]]:
    first = 0
    for day in range(1, days + 1):
        if day == days or (day in theirs) != (first in theirs):
            yield first in theirs, first, day - 1
            first = day


def measure_instances(folder: Path | None, seconds: float) -> bool:
    print("\nPublished instances (schedulingbenchmarks.org), each until proven best or for so many seconds")
    if folder is None or not all((folder / f"Instance{number}.txt").exists() for number in BEST_KNOWN):
        print("  NOT MEASURED: give the folder with Instance1.txt to Instance4.txt as --instances FOLDER.")
        return True
    fine = True
    for number, best in BEST_KNOWN.items():
        instance = Instance.read(folder / f"Instance{number}.txt")
        model, parts, choices = instance_model(instance)
        watch = Watch()
        solved = solve(model, parts, seconds=seconds, tell=lambda progress, _, watch=watch: watch(progress))
        roster: dict[str, dict[int, str]] = {who: {} for who in instance.staff}
        for (who, day, shift), choice in choices.items():
            if solved.values and solved.values[choice]:
                roster[who][day] = shift
        if not solved.values:
            print(f"  {number}: nothing found")
            fine = False
            continue
        cost, bound = counted(instance, roster), (solved.progress.bound or 0) + instance.granted
        last = next(n for n, (_, each, _, _) in enumerate(watch.seen) if each == solved.progress.cost)
        print(f"  {number}: {cost:,} after {watch.when(last)} (best known {best:,}), none below {bound:,}; {load()}")
        fine = fine and cost <= best
    return fine


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--instances", type=Path)
    options.add_argument("--without-plain", action="store_true")
    options.add_argument("--only-instances", action="store_true")
    asked = options.parse_args()
    print(setting.machine())
    if not asked.only_instances:
        print(f"\n{DESCRIBED}")
        problem = made_body()
        measure_ours(problem, asked.seconds)
        if not asked.without_plain:
            measure_plain(problem, asked.seconds)
    return 0 if measure_instances(asked.instances, asked.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
