"""django-helpdesk's `get_email` on mails in a folder: what another help desk takes, stored only.

    python -m tests.bench helpdesk [--mails N] [--json FILE]

It is installed into a virtual environment of its own under build/, at the first time. Its mails are
those of the end-to-end benchmark; it writes tickets into SQLite and posts nothing anywhere.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.end_to_end import mail_of

_ROOT = Path(__file__).parents[2]
_VENV = _ROOT / "build" / "bench-helpdesk"
_SETTINGS = """
SECRET_KEY = "bench"
USE_TZ = True
TIME_ZONE = "UTC"
SITE_ID = 1
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "helpdesk.db"}}
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.sites", "django.contrib.messages",
    "django.contrib.humanize", "rest_framework", "helpdesk",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "urls"
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
HELPDESK_TEAMS_MODE_ENABLED = False
HELPDESK_ACTIVATE_API_ENDPOINT = False
MEDIA_ROOT = "media"
"""
_URLS = """
from django.urls import include, path
urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
"""
_QUEUE = """
import django
django.setup()
from helpdesk.models import Queue
Queue.objects.create(
    title="Bench", slug="bench", email_address="help@bench.example", allow_email_submission=True,
    email_box_type="local", email_box_local_dir="mails/", email_box_interval=0,
)
"""


def install() -> None:
    """Raises CalledProcessError when it cannot be had."""
    if (_VENV / "done").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", _VENV], check=True)
    pip = [str(_VENV / "bin" / "python"), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "django-helpdesk", "setuptools<81"], check=True)
    (_VENV / "done").touch()


def measure(mails: int) -> dict[str, float]:
    install()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "settings.py").write_text(_SETTINGS)
        (folder / "urls.py").write_text(_URLS)
        (folder / "mails").mkdir()
        for number in range(mails):
            (folder / "mails" / f"{number}.eml").write_bytes(mail_of(number))
        _django(folder, "-m", "django", "migrate", "-v", "0")
        _django(folder, "-c", _QUEUE)
        started = time.perf_counter()
        _django(folder, "-m", "django", "get_email", "--quiet")
        seconds = time.perf_counter() - started
        count = _django(folder, "-c", _COUNT)
    if int(count) < mails:
        raise SystemExit(f"django-helpdesk made {count} tickets of {mails} mails")
    return {"mails": mails, "stored_per_second": mails / seconds}


_COUNT = """
import django
django.setup()
from helpdesk.models import Ticket
print(Ticket.objects.count())
"""


def _django(folder: Path, *arguments: str) -> str:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [str(_VENV / "bin" / "python"), *arguments],
        cwd=folder, env=env, check=False, text=True, capture_output=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    try:
        found = measure(options.mails)
    except subprocess.CalledProcessError:
        print("left out: django-helpdesk cannot be installed here.")
        return 0
    print(f"django-helpdesk get_email: {found['stored_per_second']:.1f} mails/s")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
