"""Reads the settings of a connection, one form for each kind of channel that has any.

Whether they can work is decided by the channel's own adapter.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from sociable.journeys.connect import Settings

SECURITY = [
    ("ssl", "Encrypted from the start (SSL/TLS)"),
    ("starttls", "Encrypted after STARTTLS"),
    ("none", "Not at all: this machine only"),
]


class ConnectionForm(forms.Form):
    """What every connection has. A secret left empty is the one kept; one typed replaces it; none is ever shown."""

    secret_names: ClassVar[tuple[str, ...]] = ()
    place_names: ClassVar[tuple[str, ...]] = ()
    servers: ClassVar[dict[str, str]] = {}

    fetches = forms.BooleanField(
        label="Fetch new messages", required=False, help_text="Every minute, and at once where it can tell us"
    )
    only_new = forms.BooleanField(
        label="Leave out what is there already", required=False, help_text="Begin with messages that arrive from now on"
    )

    def __init__(self, kept: dict[str, str], *args: Any, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept
        for name in self.secret_names:
            if kept.get(name):
                self.fields[name].help_text = "One is kept and not shown. Leave this empty to go on with it"
        if not is_new:
            del self.fields["only_new"]

    def clean(self) -> dict[str, Any]:
        return {"only_new": False, **(super().clean() or {})}

    def settings(self) -> Settings:
        """This function will return what was typed, with the secrets that were kept where none was typed."""
        own = set(self.fields) - set(ConnectionForm.base_fields) - set(self.secret_names)
        plain = {name: value for name in sorted(own) if (value := self.cleaned_data.get(name)) not in ("", None)}
        secrets = {name: self.cleaned_data.get(name) or self.kept.get(name, "") for name in self.secret_names}
        return Settings(plain, {name: value for name, value in secrets.items() if value and self._used(name)})

    def _used(self, secret: str) -> bool:
        """A secret goes when the server it opened goes."""
        return bool(self.cleaned_data.get(self.servers.get(secret, ""), True))

    def reads_elsewhere(self) -> bool:
        """This function will say whether messages now come from another place, so that reading begins anew."""
        return any(name in self.changed_data for name in self.place_names)


class EmailConnectionForm(ConnectionForm):
    """A mailbox: where mail is fetched, and the server that sends it if the account has one of its own."""

    secret_names = ("imap_password", "smtp_password")
    place_names = ("imap_host", "imap_user", "folder")
    servers = {"imap_password": "imap_host", "smtp_password": "smtp_host"}  # noqa: RUF012 - as declared above

    imap_host = forms.CharField(
        label="IMAP server", required=False, help_text="As in imap.council.example; empty if mail comes by our door"
    )
    imap_port = forms.IntegerField(label="Port", required=False, help_text="Empty: 993 with SSL, else 143")
    imap_security = forms.ChoiceField(label="Encryption", choices=SECURITY, required=False)
    imap_user = forms.CharField(label="User name", required=False)
    imap_password = forms.CharField(label="Password", required=False, widget=forms.PasswordInput)
    folder = forms.CharField(label="Folder", required=False, help_text="Empty: INBOX")
    smtp_host = forms.CharField(label="SMTP server", required=False, help_text="Empty: the installation's own way out")
    smtp_port = forms.IntegerField(label="Port", required=False, help_text="Empty: 465 with SSL, else 587")
    smtp_security = forms.ChoiceField(label="Encryption", choices=SECURITY, required=False)
    smtp_user = forms.CharField(label="User name", required=False)
    smtp_password = forms.CharField(label="Password", required=False, widget=forms.PasswordInput)
    ca_file = forms.CharField(
        label="Certificate file", required=False, help_text="For servers whose certificate your body signed itself"
    )

    groups = (
        (
            "Mail in",
            ("imap_host", "imap_port", "imap_security", "imap_user", "imap_password", "folder", "fetches", "only_new"),
        ),
        ("Mail out", ("smtp_host", "smtp_port", "smtp_security", "smtp_user", "smtp_password", "ca_file")),
    )

    def grouped(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings, for the page."""
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in self.groups]

    def settings(self) -> Settings:
        """This function will leave out the encryption of a server that is not named."""
        found = super().settings()
        unnamed = [way for way in ("imap", "smtp") if f"{way}_host" not in found.plain]
        return Settings(
            {name: value for name, value in found.plain.items() if name.removesuffix("_security") not in unnamed},
            found.secrets,
        )


FORMS: dict[str, type[ConnectionForm]] = {"email": EmailConnectionForm}
