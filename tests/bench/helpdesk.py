"""Mails in a folder become tickets in SQLite: django-helpdesk's `get_email`, and Canal, in turn.

    python -m tests.bench helpdesk [--mails N] [--rounds N] [--json FILE]

Both are processes that start, read the same files, store tickets and end; neither posts anything.
django-helpdesk is installed into a virtual environment of its own under build/, at the first time.
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
from statistics import median

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


def measure(mails: int, rounds: int) -> dict[str, object]:
    """Rates are medians, the ratio is the median of the pairs."""
    install()
    pairs = [(_canal(mails), _get_email(mails)) for _ in range(rounds)]
    return {
        "mails": mails,
        "canal_per_second": median(ours for ours, _ in pairs),
        "stored_per_second": median(theirs for _, theirs in pairs),
        "ratio": round(median(ours / theirs for ours, theirs in pairs), 1),
        "target_ratio": 5.0,
    }


def _canal(mails: int) -> float:
    """Tickets a second, each mail stored durably before it is read: see `tests.bench.filing`."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for number in range(mails):
            (folder / f"{number}.eml").write_bytes(mail_of(number))
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.filing", str(folder)],
            check=True, text=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        seconds = time.perf_counter() - started
    _expect("Canal", int(done.stdout), mails)
    return mails / seconds


def _get_email(mails: int) -> float:
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
    _expect("django-helpdesk", int(count), mails)
    return mails / seconds


def _expect(name: str, tickets: int, mails: int) -> None:
    if tickets < mails:
        raise SystemExit(f"{name} made {tickets} tickets of {mails} mails")


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
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    try:
        found = measure(options.mails, options.rounds)
    except subprocess.CalledProcessError:
        print("left out: django-helpdesk cannot be installed here.")
        return 0
    print(f"{options.mails} mails of a folder made tickets           mails/s")
    print(f"  Canal, each stored durably first    {found['canal_per_second']:>8.0f}")
    print(f"  django-helpdesk get_email           {found['stored_per_second']:>8.0f}")
    print(f"  ratio (target 5.0)                  {found['ratio']:>8}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
