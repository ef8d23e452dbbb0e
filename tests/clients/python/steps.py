"""Sections and steps of a script, one printed line each. A failed step ends its section; the others go on."""

import contextlib
import io
import json
import os
import sys
import traceback
import urllib.request

EMULATOR = os.environ["EMULATOR_URL"]
ORGANIZATION = os.environ["ORGANIZATION_ID"]
DECOY = os.environ["DECOY_ORGANIZATION_ID"]
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]
REFRESH_TOKEN = os.environ["REFRESH_TOKEN"]
ACCESS_TOKEN = os.environ["ACCESS_TOKEN"]

out = sys.stdout
# Some packages print every call.
sys.stdout = io.StringIO()

passed = failed = 0
current = ""


class StepFailed(Exception):
    pass


@contextlib.contextmanager
def section(name):
    global current
    current = name
    try:
        yield
    except StepFailed:
        pass


@contextlib.contextmanager
def step(name):
    global passed, failed
    try:
        yield
    except Exception as error:
        failed += 1
        print(f"  FAILED  {current}: {name}", file=out)
        if isinstance(error, NameError):
            error = AssertionError(f"it needs {error.name}, which an earlier section did not make")
        print(f"          {type(error).__name__}: {error}", file=out)
        if not isinstance(error, AssertionError):
            frame = traceback.extract_tb(error.__traceback__)[-1]
            print(f"          at {os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}", file=out)
        print(f"          last call: {last_call()}", file=out, flush=True)
        raise StepFailed from None
    passed += 1
    print(f"  ok      {current}: {name}", file=out, flush=True)


def finish():
    print(f"  {passed} passed, {failed} failed", file=out, flush=True)
    sys.exit(1 if failed else 0)


def equal(actual, expected, what):
    assert actual == expected, f"{what} is {actual!r}, expected {expected!r}"


def holds(condition, sentence):
    assert condition, sentence


@contextlib.contextmanager
def raises(kind, *words):
    """The block must raise `kind`, and its text must hold every word."""
    try:
        yield
    except kind as error:
        text = f"{error} {vars(error)}"
        for word in words:
            assert str(word) in text, f"{kind.__name__} says {text!r}, which lacks {word!r}"
        return
    raise AssertionError(f"no {kind.__name__} was raised")


def last_call():
    with urllib.request.urlopen(f"{EMULATOR}/_emulator/journal") as answer:
        entries = json.load(answer)["entries"]
    if not entries:
        return "none"
    last = max(entries, key=lambda entry: entry["sequence"])
    return (f"{last['method']} {last['path']}?{last['query']} {last['request_body'][:300]} -> "
            f"{last['status']} {last['response_body'][:600]}")


def prepare(method, path, body=None):
    """Makes what the package itself cannot make, by a plain call of ours."""
    request = urllib.request.Request(
        f"{EMULATOR}/{path}", method=method, data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Zoho-oauthtoken {ACCESS_TOKEN}", "Content-Type": "application/json",
                 "X-com-zoho-subscriptions-organizationid": ORGANIZATION})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
