"""What Schemathesis has to know of Finbridge: values of its scalars, and what every answer must look like."""

import dataclasses
import json
import os
import re
import zlib
from pathlib import Path
from random import Random

import graphql
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

TOP = Path(__file__).resolve().parents[3]

# Values at the edges of what is kept exactly, beyond them, and no numbers at all.
DECIMALS = ["0", "-0", "1054.00", "0.0001", "0.00001", "922337203685477.5807", "922337203685477.5808", "-1e400", "NaN", "", "1,5"]
DAYS = ["2026-01-05", "1970-01-01", "0001-01-01", "9999-12-31", "2026-02-30", "+10000-01-01", "2026-1-5", ""]
INSTANTS = ["2026-01-05T12:06:10.5Z", "1969-12-31T23:59:59.999999999Z", "9999-12-31T23:59:60Z", "2026-01-05T12:06:10+14:00", "2026-01-05", ""]
CURRENCIES = ["USD", "EUR", "JPY", "BHD", "XXX", "usd", "EURO", "", "€€€"]


def one_of(edges, others):
    return (st.sampled_from(edges) | others).map(nodes.String)


schemathesis.graphql.scalar("Decimal", one_of(DECIMALS, st.decimals(allow_nan=False, allow_infinity=False).map(str)))
schemathesis.graphql.scalar("Date", one_of(DAYS, st.dates().map(str)))
schemathesis.graphql.scalar("DateTime", one_of(INSTANTS, st.datetimes().map(lambda one: one.isoformat() + "Z")))
schemathesis.graphql.scalar("CurrencyCode", one_of(CURRENCIES, st.text(max_size=5)))


class OneWay(graphql.Visitor):
    """Leaves of a list's paging arguments a size from one end, and sometimes a cursor."""

    def __init__(self, random):
        super().__init__()
        self.random = random

    def leave_field(self, node, *_):
        names = {argument.name.value for argument in node.arguments or ()}
        if not names & {"first", "last", "after", "before"}:
            return None
        off = self.random.choice([{"first", "after"}, {"last", "before"}])
        if self.random.random() < 0.8:
            off |= {"after", "before"}
        return dataclasses.replace(node, arguments=tuple(one for one in node.arguments if one.name.value not in off))


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Pages asked for from both ends are refused, and a random text is no cursor: two thirds of the requests ask otherwise."""
    random = Random(zlib.crc32(str(case.body).encode("utf-8", "replace")))
    if not isinstance(case.body, str) or random.random() < 1 / 3:
        return
    try:
        document = graphql.parse(case.body)
    except graphql.GraphQLError:
        return
    case.body = graphql.print_ast(graphql.visit(document, OneWay(random)))


def documented_codes():
    """The top-level error codes of docs/errors.md."""
    page = (TOP / "docs/errors.md").read_text(encoding="utf-8")
    section = page.split("## Top-level codes")[1]
    return set(re.search(r"```text\n(.*?)```", section, re.S).group(1).split())


CODES = documented_codes()


@schemathesis.check
def graphql_answer(ctx, response, case):
    """A whole GraphQL answer, and no error that is the server's fault or that no document explains.

    Schemathesis's own `not_a_server_error` is left out: it knows Apollo's codes only, and takes ours for failures.
    """
    content_type = response.headers.get("content-type", [""])[0]
    assert content_type.startswith(("application/graphql-response+json", "application/json")), f"answered as {content_type!r}"
    assert response.status_code < 500, f"answered {response.status_code}"
    answer = json.loads(response.content)
    assert set(answer) <= {"data", "errors", "extensions"}, f"has {sorted(answer)}"
    assert "data" in answer or "errors" in answer, "has neither data nor errors"
    errors = answer.get("errors", [])
    assert "errors" not in answer or errors, "has an empty list of errors"
    for error in errors:
        assert error.get("message"), "has an error without a message"
        extensions = error.get("extensions", {})
        code = extensions.get("code")
        assert code in CODES, f"code {code!r} is not in docs/errors.md"
        assert code != "INTERNAL_SERVER_ERROR", f"failed inside: {error['message']}"
        # A run that is throttled tests nothing: start the server with more points.
        assert code != "THROTTLED", f"was throttled: {error['message']}"
        assert extensions.get("requestId") == response.headers.get("x-request-id", [None])[0], "request ids differ"
    # What goes to a log or another service must not come from a random text unnoticed.
    token = os.environ["FINBRIDGE_TOKEN"]
    assert token not in response.text, "repeats the token"
