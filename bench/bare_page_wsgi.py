"""The door to the bare page: Django with that one view, and templates in the folder that BENCH_FOLDER names."""

import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

django.setup(set_prefix=False)
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "bench.bare_page"
settings.TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [os.environ.get("BENCH_FOLDER", ".")]}
]
application = WSGIHandler()
