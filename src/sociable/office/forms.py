"""Reads what is typed in the office about accounts, partners, services and people; what it does is left to the journeys."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.db.models import Q

from sociable.channels import registry
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.ways import Way
from sociable.domain.worktime.zones import zone_named
from sociable.journeys.state import check_answered_from
from sociable.people import permissions
from sociable.people.models import Partner, Person, Role, Service
from sociable.people.permissions import Act, Place

WAYS = [
    (Way.THREAD, "In numbered parts"),
    (Way.PRIVATE, "As a private message"),
    (Way.LINK, "With a link to the full answer"),
    (Way.EMAIL, "By email"),
]
BRANDS = [(name, name.capitalize()) for name in ("ocean", "plum", "forest", "teal", "ember", "slate")]


class DateField(forms.DateField):
    """A day, as browsers ask for it."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class WebField(forms.URLField):
    """A web address; one typed without its scheme is meant as https."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"assume_scheme": "https", **kwargs})


def _zone(value: str) -> str:
    """Errors: ValidationError in the words of the rule."""
    try:
        return zone_named(value).key if value else ""
    except DomainError as refusal:
        raise forms.ValidationError(refusal.message) from None


def _origin(typed: str) -> str:
    """A site as browsers name it: scheme, host, and the port where it is unusual.

    Errors: ValidationError with what is wrong
    """
    parts = urlsplit(typed if "://" in typed else f"https://{typed}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.username is not None:
        raise forms.ValidationError(f"“{typed}” is no address of a site. Give it as in https://www.city.example")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in ("localhost", "127.0.0.1", "::1")):
        raise forms.ValidationError(
            f"“{typed}” must begin with https://: what residents write must not be read on the way."
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (
        f":{port}" if port not in (None, 443 if parts.scheme == "https" else 80) else ""
    )


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has it without
    """The facts of an account."""

    class Meta:
        model = Account
        fields = (
            "name",
            "service",
            "purpose",
            "answered_from",
            "about",
            "address",
            "handle",
            "link",
            "other_ways",
            "takes_form",
            "sends_receipts",
            "signs_with",
            "sign_off",
            "answers_by",
            "takes_chat",
            "chat_origins",
            "most_chats",
            "hole_days",
            "owner",
            "deputy",
            "recovery",
            "reviewed_on",
            "division",
            "zone",
        )
        field_classes = {"reviewed_on": DateField, "link": WebField}  # noqa: RUF012 - as Django has it
        widgets = {  # noqa: RUF012
            "about": forms.Textarea(attrs={"rows": 3}),
            "other_ways": forms.Textarea(attrs={"rows": 3}),
            "chat_origins": forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        }
        help_texts = {  # noqa: RUF012
            "chat_origins": "The sites whose pages may hold it, one a line, as in https://www.city.example. "
            "Sociable's own pages always may.",
        }
        labels = {  # noqa: RUF012
            "about": "What it does",
            "address": "Mail address",
            "handle": "Handle",
            "link": "Address on the network",
            "takes_form": "Can be asked by the public form",
            "sends_receipts": "Sends receipts",
            "signs_with": "Who signs an answer",
            "sign_off": "The account's own sign-off",
            "takes_chat": "Can be asked by web chat",
            "chat_origins": "Sites that may hold the chat",
            "most_chats": "Web chats one person has at once",
            "hole_days": "Working days' warning of a hole",
            "recovery": "Who can get back in",
            "reviewed_on": "Last reviewed",
            "division": "Bank holidays of",
            "zone": "Time zone",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        partner = self.instance.partner_id
        self.fields["service"] = forms.ModelChoiceField(Service.objects.filter(partner=partner), required=False)
        answering = Account.objects.filter(partner=partner, answered_from=None).exclude(pk=self.instance.pk)
        self.fields["answered_from"] = forms.ModelChoiceField(
            answering,
            required=False,
            label="Answered from",
            help_text="For news, say: requests to it reach whoever answers the account you choose here, and are answered from that one. "
            "Leave it empty if it answers itself.",
            empty_label="It answers itself",
        )
        self.fields["answers_by"] = forms.MultipleChoiceField(
            choices=WAYS,
            required=False,
            widget=forms.CheckboxSelectMultiple,
            label="How an answer may go that is too long or too private",
            help_text="Offered in this order, where the network can do it.",
        )
        staff = Person.objects.filter(
            Q(roles__partner=partner) | Q(pk__in=[self.instance.owner_id, self.instance.deputy_id])
        )
        for name in ("owner", "deputy"):
            self.fields[name] = forms.ModelChoiceField(staff.filter(is_active=True).distinct(), required=False)

    def clean_zone(self) -> str:
        return _zone(self.cleaned_data["zone"])

    def clean_answered_from(self) -> Account | None:
        chosen: Account | None = self.cleaned_data["answered_from"]
        try:
            check_answered_from(Account(pk=self.instance.pk, partner_id=self.instance.partner_id, answered_from=chosen))
        except DomainError as refusal:
            raise forms.ValidationError(refusal.message) from None
        return chosen

    def clean_chat_origins(self) -> str:
        return "\n".join(dict.fromkeys(map(_origin, self.cleaned_data["chat_origins"].split())))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("signs_with") == Account.SignsWith.ACCOUNT and not cleaned.get("sign_off", "").strip():
            self.add_error("sign_off", "Give the words with which the account signs.")
        return cleaned


class NewAccountForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has it without
    """The first facts of a new account, in a partner whose accounts the person may change."""

    class Meta:
        model = Account
        fields = ("partner", "name", "slug", "channel", "purpose", "about", "address")
        labels = {  # noqa: RUF012
            "slug": "Short name in addresses",
            "channel": "Where it can be asked",
            "about": "What it does",
            "address": "Mail address",
        }
        help_texts = {"slug": "Lower-case letters, digits and hyphens, as in city-help"}  # noqa: RUF012
        widgets = {"about": forms.Textarea(attrs={"rows": 3})}  # noqa: RUF012

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        partners = permissions.whole_partners(person, Act.CHANGE_ACCOUNT)
        self.fields["partner"] = forms.ModelChoiceField(Partner.objects.filter(pk__in=partners))
        named = sorted((adapter.name, kind) for kind, adapter in registry.kinds().items())
        self.fields["channel"] = forms.ChoiceField(
            label="Where it can be asked",
            choices=[(kind, name) for name, kind in named],
            help_text="The network it lives on. Mail and the public form can reach it besides",
        )


class PartnerForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has it without
    """The facts of a partner."""

    brand = forms.ChoiceField(choices=BRANDS, label="Accent colour")

    class Meta:
        model = Partner
        fields = ("name", "short_name", "kind", "division", "zone", "website", "brand", "crisis_words")
        field_classes = {"website": WebField}  # noqa: RUF012
        labels = {"division": "Bank holidays of", "zone": "Time zone", "crisis_words": "Words for somebody in danger"}  # noqa: RUF012
        widgets = {"crisis_words": forms.Textarea(attrs={"rows": 4})}  # noqa: RUF012

    def clean_zone(self) -> str:
        return _zone(self.cleaned_data["zone"])


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has it without
    """A service of a partner."""

    class Meta:
        model = Service
        fields = ("name", "slug", "about")
        labels = {"slug": "Short name in addresses", "about": "What it does"}  # noqa: RUF012
        widgets = {"about": forms.Textarea(attrs={"rows": 3})}  # noqa: RUF012

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        if Service.objects.filter(partner=self.instance.partner_id, slug=slug).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another service of this partner has this short name.")
        return slug


class RoleForm(forms.Form):
    """One role somewhere in what the person who gives it may give."""

    kind = forms.ChoiceField(choices=Role.Kind, label="Role")
    where = forms.ChoiceField(label="Where")

    def __init__(self, giver: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["where"] = forms.ChoiceField(choices=places(giver), label="Where")

    def place(self) -> dict[str, Any]:
        """The chosen place, as the columns of a role."""
        partner, service, account = (int(part) or None for part in self.cleaned_data["where"].split("."))
        return {"partner_id": partner, "service_id": service, "account_id": account}


def places(giver: Person) -> list[tuple[str, str | list[tuple[str, str]]]]:
    """This function will list where a person may give roles: whole partners, their services, their accounts."""
    groups: list[tuple[str, str | list[tuple[str, str]]]] = []
    for partner in Partner.objects.prefetch_related("services", "accounts__service"):
        here = [(f"{partner.pk}.0.0", Place(partner.pk), f"All of {partner.name}")]
        here += [
            (f"{partner.pk}.{each.pk}.0", Place(partner.pk, each.pk), f"Service: {each.name}")
            for each in partner.services.all()
        ]
        here += [(f"{partner.pk}.0.{each.pk}", each.place, f"Account: {each.name}") for each in partner.accounts.all()]
        given = [(value, words) for value, place, words in here if permissions.can_manage_people(giver, place)]
        if given:
            groups.append((partner.name, given))
    return groups


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has it without
    """Who somebody is."""

    class Meta:
        model = Person
        fields = ("name", "email")
        labels = {"name": "Full name", "email": "Work email address"}  # noqa: RUF012

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if Person.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody else signs in with this address already.")
        return email
