"""The one business that this installation serves."""

from zoneinfo import ZoneInfo

from django.db import models


class Business(models.Model):
    """Name, address, country, time zone and home currency of the business. There is exactly one row."""

    name = models.CharField(max_length=200, default="My business")
    logo = models.ImageField(upload_to="logo/", blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    street = models.TextField(blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField("state or county", max_length=100, blank=True)
    postal_code = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=2, default="US", help_text="ISO 3166 code, such as US or GB")
    time_zone = models.CharField(max_length=60, default="America/New_York")
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217 code, such as USD or GBP")
    second_factor_required = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name_plural = "business"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="business_is_one")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def load(cls) -> "Business":
        """The business, made with defaults the first time it is asked for."""
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
