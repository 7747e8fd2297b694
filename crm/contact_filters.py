"""Which contacts the list shows: what stands in the URL, read once for the page and for its CSV."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from crm.models import Contact
from crm.models.contacts import ContactQuerySet

SHOW = {"": "Live", "archived": "Archived", "all": "Live and archived"}
SOURCE = {"": "Any source", "ours": "Tallybook", "books": "QuickBooks"}
REACH = {"": "Anyone", "email": "With email", "phone": "With mobile", "neither": "With neither"}
SORTS = {"name": "By name", "newest": "Newest first"}
ORDERS = {"name": ("sort_name", "id"), "newest": ("-created_at", "-id")}


@dataclass(frozen=True)
class ContactFilters:
    """Words that a URL does not know are as good as none."""

    q: str = ""
    show: str = ""
    source: str = ""
    reach: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "ContactFilters":
        def choice(name: str, choices: dict[str, str]) -> str:
            value = query.get(name, "")
            return value if value in choices else ""

        return cls(
            q=query.get("q", "").replace("\x00", "").strip()[:200],
            show=choice("show", SHOW),
            source=choice("source", SOURCE),
            reach=choice("reach", REACH),
        )

    @property
    def are_set(self) -> bool:
        return self != ContactFilters()

    def query(self, **more: str) -> str:
        """These filters as they stand in a URL, with ``?`` in front; "" when there are none."""
        words = urlencode({name: value for name, value in {**vars(self), **more}.items() if value})
        return f"?{words}" if words else ""

    def contacts(self) -> ContactQuerySet:
        found = Contact.objects.search(self.q) if self.q else Contact.objects.all()
        if self.show != "all":
            found = found.archived() if self.show == "archived" else found.live()
        if self.source:
            found = found.filter(owner=self.source)
        if self.reach == "neither":
            return found.filter(email="", phone="")
        return found.exclude(**{self.reach: ""}) if self.reach else found
