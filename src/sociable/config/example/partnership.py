"""Holds the invented partnership: four public bodies, their services, their accounts and what each of these promises.

Nobody here exists, and every address ends in `.example`, which no mail ever reaches. How the rows are made is left to loading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any

from sociable.directory.models import PromiseVersion
from sociable.people.models import Division, Partner

_Form = PromiseVersion.Form
CRISIS = (
    "If somebody is in danger now, call 999. If you or somebody you know needs help with their mental health at "
    "any hour, call NHS 111 and choose the mental health option. You do not have to wait for us."
)


@dataclass(frozen=True, slots=True)
class Body:
    """One partner, with its services by slug."""

    slug: str
    name: str
    short_name: str
    kind: Partner.Kind
    brand: str
    services: dict[str, tuple[str, str]]
    crisis_words: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """One account. `hours` may name days to come: {special} is a day, {later} a date from which `later_hours` hold."""

    slug: str
    partner: str
    service: str | None
    name: str
    about: str
    purpose: str = "service"
    answered_from: str = ""
    stage: str = "live"
    hours: str = ""
    special: str = ""
    later_hours: str = ""
    promise: dict[str, Any] | None = None
    owner: str = ""
    deputy: str = ""
    other_ways: str = ""
    takes_form: bool = True
    sends_receipts: bool = True
    first_answer_seconds: int = 0  # what web chat promises; 0: it takes none
    division: str = ""
    learning_days: int = 0
    reviewed_days_ago: int = 60


def minutes(number: int, acknowledge: int | None = None) -> dict[str, Any]:
    """This function will describe a promise of so many minutes of open time."""
    return {"form": _Form.OPEN_TIME, "minutes": number, "acknowledge_minutes": acknowledge}


def days(number: int, acknowledge: int | None = None) -> dict[str, Any]:
    """This function will describe a promise of so many working days."""
    return {"form": _Form.WORKING_DAYS, "days": number, "acknowledge_minutes": acknowledge}


def same_or_next(until: time | None = None) -> dict[str, Any]:
    """This function will describe a promise of the same or the next working day."""
    return {"form": _Form.SAME_OR_NEXT_DAY, "same_day_until": until}


BODIES = (
    Body(
        "aireborough",
        "Aireborough City Council",
        "Aireborough",
        Partner.Kind.COUNCIL,
        "ocean",
        {
            "customer-help": ("Customer help", "Anything about the council, answered or passed to who can answer"),
            "libraries": ("Libraries", "Sixteen libraries, the mobile library and borrowing online"),
            "streets": ("Bins and streets", "Collections, recycling centres, fly-tipping and street cleaning"),
            "roads": ("Roads and parking", "Potholes, street lights, parking permits and penalty notices"),
            "council-tax": ("Council tax", "Bills, discounts, moving home and paying by instalments"),
            "schools": ("School admissions", "Places at primary and secondary schools, and appeals"),
            "planning": ("Planning", "Applications, comments and what you may build without asking"),
        },
    ),
    Body(
        "hospitals",
        "Aireborough Hospitals NHS Trust",
        "Hospitals",
        Partner.Kind.NHS_TRUST,
        "teal",
        {
            "pals": ("Patient advice and liaison", "Help when something about your care is unclear or has gone wrong"),
            "outpatients": ("Outpatient appointments", "Booking, changing and getting to appointments"),
        },
    ),
    Body(
        "wharfeside",
        "Wharfeside Community Health NHS Trust",
        "Wharfeside",
        Partner.Kind.NHS_TRUST,
        "forest",
        {
            "clinics": ("Community clinics", "Podiatry, physiotherapy, dental access and interpreters"),
            "families": ("Health visiting", "For families with children under five"),
        },
    ),
    Body(
        "moorland",
        "Moorland Mental Health NHS Trust",
        "Moorland",
        Partner.Kind.NHS_TRUST,
        "plum",
        {
            "talking": ("Talking therapies", "Courses and one-to-one support for worry and low mood"),
            "night": ("Night listening line", "Somebody to write to between evening and morning"),
        },
        crisis_words=CRISIS,
    ),
)

ACCOUNTS = (
    Presence(
        "city-help",
        "aireborough",
        "customer-help",
        "Aireborough City Help",
        "Ask the council anything. If we cannot answer ourselves, we find who can and stay with you until they do.",
        purpose="help",
        hours="Mo-Fr 08:00-18:00; Sa 09:00-13:00; PH off",
        special="off",
        promise=minutes(120),
        owner="hannah",
        deputy="sam",
        other_ways="Phone 0113 496 0100\nAny library or community hub",
        first_answer_seconds=90,
    ),
    Presence(
        "city-news",
        "aireborough",
        "customer-help",
        "Aireborough City News",
        "What is on, what is shut and what has changed in the city. Questions sent here are answered by the help team.",
        purpose="news",
        hours="Mo-Fr 09:00-17:00; PH off",
        promise=minutes(120),
        answered_from="city-help",
        owner="nadia.rahman",
        deputy="hannah",
        takes_form=False,
    ),
    Presence(
        "libraries",
        "aireborough",
        "libraries",
        "Aireborough Libraries",
        "Opening times, renewals, reading groups, computers and the mobile library.",
        hours="Mo,We,Fr 09:00-17:30; Tu,Th 10:00-20:00; Sa 10:00-16:00; PH off",
        special="10:00-13:00",
        promise=minutes(240),
        owner="priya.nair",
        deputy="tom.barraclough",
        other_ways="Any library during its own hours\nPhone 0113 496 0121",
    ),
    Presence(
        "bins",
        "aireborough",
        "streets",
        "Bins and Street Cleaning",
        "Missed bins, bulky collections, recycling centres, fly-tipping and litter.",
        hours="Mo-Th 08:30-17:00; Fr 08:30-16:30; PH off",
        promise=minutes(120, acknowledge=30),
        owner="derek.umpleby",
        deputy="aoife.brennan",
        other_ways="Report a missed bin on the council's website at any hour",
    ),
    Presence(
        "roads",
        "aireborough",
        "roads",
        "Roads and Parking",
        "Potholes, street lights, permits, penalty notices and road works.",
        hours="Mo-Fr 09:00-17:15; PH off",
        promise=minutes(180),
        owner="gareth.pugh",
        deputy="lin.chau",
        other_ways="Phone 0113 496 0140 if a road is dangerous now",
    ),
    Presence(
        "council-tax",
        "aireborough",
        "council-tax",
        "Aireborough Council Tax",
        "Bills, bands, discounts, moving home and what to do if you are behind.",
        hours="Mo-Fr 09:00-12:00,14:00-16:30; PH off",
        promise=days(2, acknowledge=60),
        owner="moira.keegan",
        deputy="anil.desai",
        other_ways="Phone 0113 496 0150, Monday to Friday, 9am to midday",
    ),
    Presence(
        "schools",
        "aireborough",
        "schools",
        "School Admissions",
        "Applying for a school place, changing school in the year, and appeals.",
        hours="Mo-Fr 10:00-15:00; PH off",
        later_hours="Mo-Fr 09:00-16:00; PH off",
        promise=days(3),
        owner="ruth.adeyemi",
        deputy="colin.thwaite",
        reviewed_days_ago=400,
    ),
    Presence(
        "planning",
        "aireborough",
        "planning",
        "Aireborough Planning",
        "Asked for by the planning service; opens when three people have finished their training.",
        stage="proposed",
        owner="femi.lawal",
        takes_form=False,
    ),
    Presence(
        "festival",
        "aireborough",
        "customer-help",
        "Aireborough Summer Festival",
        "Back when the programme is out in spring.",
        purpose="news",
        stage="resting",
        hours="Mo-Fr 10:00-16:00; PH off",
        promise=same_or_next(),
        owner="nadia.rahman",
        takes_form=False,
    ),
    Presence(
        "old-rates",
        "aireborough",
        "council-tax",
        "Rates Enquiries",
        "Closed. Ask Aireborough Council Tax instead.",
        stage="closed",
        hours="Mo-Fr 09:00-16:30; PH off",
        promise=days(10),
        owner="moira.keegan",
        takes_form=False,
        reviewed_days_ago=700,
    ),
    Presence(
        "pals",
        "hospitals",
        "pals",
        "PALS at Aireborough Hospitals",
        "Patient advice and liaison: when something about care is unclear, late or has gone wrong.",
        purpose="help",
        hours="Mo-Fr 09:30-12:30,13:30-16:00; PH off",
        promise=same_or_next(time(12, 0)),
        owner="grace.okonkwo",
        deputy="jen",
        other_ways="The PALS desk in the main entrance of each hospital\nPhone 0113 496 0200",
    ),
    Presence(
        "outpatients",
        "hospitals",
        "outpatients",
        "Outpatient Appointments",
        "Moving, cancelling and finding your way to appointments. The desk is shared with colleagues in Scotland "
        "and keeps their bank holidays.",
        stage="learning",
        learning_days=45,
        hours="Mo-Fr 08:00-18:00; PH off",
        promise=minutes(240),
        owner="stewart.mckie",
        deputy="bethan.rees",
        division=Division.SCOTLAND,
    ),
    Presence(
        "clinics",
        "wharfeside",
        "clinics",
        "Wharfeside Clinics and Interpreters",
        "Podiatry, physiotherapy and dental access, and an interpreter for any of them.",
        purpose="help",
        hours="Mo-Fr 08:30-16:30; PH off",
        promise=days(1),
        owner="yasmin.farooqi",
        deputy="peter.lisle",
    ),
    Presence(
        "families",
        "wharfeside",
        "families",
        "Wharfeside Health Visiting",
        "Weighing, feeding, sleep and all the questions of the first five years.",
        stage="learning",
        learning_days=20,
        hours="Mo-Th 09:00-16:30; Fr 09:00-15:00; PH off",
        promise=minutes(240),
        owner="kirsty.dunn",
        deputy="yasmin.farooqi",
    ),
    Presence(
        "night-line",
        "moorland",
        "night",
        "Moorland Night Listening Line",
        "A person to write to in the evening and at night. Not for emergencies: for those call 999.",
        purpose="help",
        hours="Mo-Su 18:00-08:00",
        promise=minutes(60),
        owner="idris.bowen",
        deputy="sunita.kapoor",
        sends_receipts=True,
    ),
    Presence(
        "moorland-talking",
        "moorland",
        "talking",
        "Moorland Talking Therapies",
        "Courses and one-to-one support. We answer everybody; the team is small and states no hours.",
        owner="sunita.kapoor",
        deputy="idris.bowen",
    ),
)


@dataclass(frozen=True, slots=True)
class Employee:
    """One invented person. A role is written KIND@partner, KIND@partner/service or KIND@partner:account."""

    key: str
    name: str
    partner: str
    roles: tuple[str, ...]
    sign_off: str = ""


def _staff(partner: str, service: str, *names: str, lead: str = "", champion: str = "") -> tuple[Employee, ...]:
    """Service staff: all answer for the service, one leads it, one is its champion."""
    made = []
    for name in names:
        roles = [f"answerer@{partner}/{service}"]
        roles += [f"service_lead@{partner}/{service}"] if name == lead else []
        roles += [f"champion@{partner}/{service}"] if name == champion else []
        made.append(
            Employee(name.lower().replace(" ", "."), name, partner, tuple(roles), f"Best wishes, {name.split()[0]}")
        )
    return tuple(made)


HELP_TEAM = (
    Employee(
        "hannah",
        "Hannah Ackroyd",
        "aireborough",
        ("answerer@aireborough", "service_lead@aireborough/customer-help"),
        "Hannah",
    ),
    Employee("sam", "Sam Whitlock", "aireborough", ("answerer@aireborough",), "All the best, Sam"),
    Employee(
        "kal", "Kal Bhogal", "aireborough", ("answerer@aireborough", "answerer@wharfeside:clinics"), "Kal, help team"
    ),
    Employee(
        "jen", "Jen Sowerby", "aireborough", ("answerer@aireborough", "answerer@hospitals:pals"), "Take care, Jen"
    ),
    Employee("paul", "Paul Ormerod", "aireborough", ("answerer@aireborough",), "Cheers, Paul"),
    Employee("mel", "Mel Castellano", "aireborough", ("answerer@aireborough",), "Mel"),
)
SERVICE_STAFF = (
    *_staff(
        "aireborough",
        "libraries",
        *("Priya Nair", "Tom Barraclough", "Eilidh Morton", "Marcus Reid"),
        lead="Priya Nair",
        champion="Tom Barraclough",
    ),
    *_staff(
        "aireborough",
        "streets",
        *("Derek Umpleby", "Aoife Brennan", "Jamal Carter"),
        lead="Derek Umpleby",
        champion="Aoife Brennan",
    ),
    *_staff(
        "aireborough", "roads", "Gareth Pugh", "Lin Chau", "Rosie Tunnicliffe", lead="Gareth Pugh", champion="Lin Chau"
    ),
    *_staff("aireborough", "council-tax", "Moira Keegan", "Anil Desai", "Wendy Pickersgill", lead="Moira Keegan"),
    *_staff("aireborough", "schools", "Ruth Adeyemi", "Colin Thwaite", lead="Ruth Adeyemi", champion="Colin Thwaite"),
    *_staff("aireborough", "planning", "Femi Lawal", lead="Femi Lawal"),
    *_staff(
        "hospitals",
        "pals",
        "Grace Okonkwo",
        "Liam Feeney",
        "Halina Nowak",
        lead="Grace Okonkwo",
        champion="Liam Feeney",
    ),
    *_staff("hospitals", "outpatients", "Stewart McKie", "Bethan Rees", "Ola Martins", lead="Stewart McKie"),
    *_staff("wharfeside", "clinics", "Yasmin Farooqi", "Peter Lisle", "Carys Hughes", lead="Yasmin Farooqi"),
    *_staff("wharfeside", "families", "Kirsty Dunn", "Amira Saleh", lead="Kirsty Dunn", champion="Amira Saleh"),
    *_staff("moorland", "night", "Idris Bowen", "Dana Petrov", lead="Idris Bowen", champion="Dana Petrov"),
    *_staff("moorland", "talking", "Sunita Kapoor", lead="Sunita Kapoor"),
)
OTHERS = (
    Employee(
        "alex",
        "Alex Fairweather",
        "aireborough",
        tuple(f"administrator@{body.slug}" for body in BODIES),
    ),
    Employee(
        "dot",
        "Dot Illingworth",
        "aireborough",
        tuple(f"digital_access@{body.slug}" for body in BODIES),
    ),
    Employee("nadia.rahman", "Nadia Rahman", "aireborough", ("communications@aireborough",)),
    Employee("owen", "Owen Tranter", "hospitals", ("communications@hospitals",)),
    Employee("ines", "Ines Carvalho", "aireborough", ("analyst@aireborough",)),
    Employee("cara", "Cara Dunmore", "moorland", ("administrator@moorland", "answerer@moorland")),
)
PEOPLE = HELP_TEAM + SERVICE_STAFF + OTHERS

SAVED_ANSWERS = (
    (
        "aireborough",
        "bins",
        "Missed bin: when we come back",
        (
            "I am sorry your bin was missed. The crew will be back within two working days, so please leave it out at "
            "the kerb. If it is still full after that, write back here and I will find out why."
        ),
    ),
    (
        "aireborough",
        "bins",
        "Bulky collection: how to book",
        (
            "We can collect up to five large items in one visit. You can book and pay on the website under “Large "
            "items”, or tell me what you have and I will book it for you."
        ),
    ),
    (
        "aireborough",
        "council-tax",
        "Moving home",
        (
            "Please tell me the date you moved, your old and your new address, and whether you own or rent. You will "
            "have a new bill within ten days, and anything you have paid too much comes off it."
        ),
    ),
    (
        "aireborough",
        "council-tax",
        "Finding it hard to pay",
        (
            "Thank you for telling us early. We can spread what is left over more months, and you may be able to get "
            "council tax support. None of this needs a phone call unless you would like one."
        ),
    ),
    (
        "aireborough",
        "libraries",
        "Joining the library",
        (
            "Joining is free and takes five minutes in any branch. Bring something with your name and address. Under "
            "sixteens need a grown-up with them the first time."
        ),
    ),
    (
        "aireborough",
        "roads",
        "Pothole reported",
        (
            "Thank you for telling us where it is. An inspector will look at it within five working days, sooner if it "
            "is deep or on a main road, and I will write to you when it is booked in."
        ),
    ),
    (
        "aireborough",
        "roads",
        "Blue badge: what is needed",
        (
            "You will need a photo, proof of where you live and proof of who you are. If you get certain benefits the "
            "badge is automatic; otherwise we may ask about how far you can walk."
        ),
    ),
    (
        "aireborough",
        "schools",
        "In-year move",
        (
            "You can ask for a place at any time of the year. Tell me the child's date of birth by the private form, "
            "not here, and which schools you would like, and I will tell you which have room."
        ),
    ),
    (
        "aireborough",
        None,
        "Thank you for saying so",
        (
            "Thank you, that is very kind. I have passed it on to the people who did the work; it makes a difference "
            "to their week."
        ),
    ),
    (
        "hospitals",
        "pals",
        "We cannot talk about care here",
        (
            "I would like to help, and I cannot talk about anybody's care in an email we cannot be sure is private. "
            "Please ring 0113 496 0200 between 9:30am and 4pm and ask for me by name."
        ),
    ),
    (
        "wharfeside",
        "clinics",
        "Booking an interpreter",
        (
            "We can have an interpreter at any appointment, in person or by phone, and it costs you nothing. Tell me "
            "the language and the time of the appointment and I will arrange it."
        ),
    ),
    (
        "moorland",
        "night-line",
        "If it cannot wait",
        (
            "I am glad you wrote. If you feel you may not be able to keep yourself safe, please call 999, or NHS 111 "
            "and choose the mental health option. They are there now. I will also be here until eight in the morning."
        ),
    ),
)
