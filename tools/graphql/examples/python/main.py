"""Walks through it all against a server: FINBRIDGE_URL and FINBRIDGE_TOKEN say which.

Ends with an error when something is not as docs/graphql.md says. It makes an account of its own, deletes it again, and
starts a sync run.
"""

import concurrent.futures
import math
import os
import uuid
from decimal import Decimal

from finbridge import PAGE, UPDATE, Client, RequestError, UserErrors, accepted

URL, TOKEN = os.environ["FINBRIDGE_URL"], os.environ["FINBRIDGE_TOKEN"]
DELETE = "mutation AccountDelete($input: AccountDeleteInput!) { accountDelete(input: $input) { userErrors { code field message } } }"
START = "mutation SyncRunStart($input: SyncRunStartInput!) { syncRunStart(input: $input) { syncRun { id } userErrors { code field message } } }"


def main():
    client = Client(URL, TOKEN)
    pages(client)
    errors(client)
    versions_and_keys(client)
    throttling(client)
    watching(client)
    print("The Python example did all it shows.")


def expect(kind, code, act):
    """The act has to fail with this code."""
    try:
        act()
    except kind as error:
        codes = error.codes if kind is UserErrors else {error.code}
        assert code in codes, error
        return error
    raise AssertionError(f"{code} was expected, and it worked")


def pages(client):
    everything = list(client.all_accounts())
    assert len({account["id"] for account in everything}) == len(everything) > 50
    assert len(everything) == client.request(PAGE)["accounts"]["totalCount"]
    rich = list(client.all_accounts({"annualRevenue": {"gte": "2000000000"}}))
    assert 0 < len(rich) < len(everything)
    assert all(Decimal(account["annualRevenue"]["amount"]) >= 2_000_000_000 for account in rich)
    print(f"{len(everything)} accounts in pages of 50, {len(rich)} of them with a revenue of two billions or more")


def errors(client):
    expect(RequestError, "BAD_USER_INPUT", lambda: client.request(PAGE, {"after": "nonsense"}))
    expect(RequestError, "UNAUTHENTICATED", lambda: Client(URL, "fbt_wrong").request(PAGE))
    error = expect(UserErrors, "REQUIRED", lambda: client.create_once({"name": " "}, str(uuid.uuid4())))
    assert error.errors[0]["field"] == ["name"]
    print("Errors are told apart: BAD_USER_INPUT, UNAUTHENTICATED, and a user error at `name`")


def versions_and_keys(client):
    key = str(uuid.uuid4())
    account = {"name": f"Example {key}"}
    made = client.create_once(account, key)
    assert client.create_once(account, key)["id"] == made["id"], "the same key makes one account"
    expect(UserErrors, "IDEMPOTENCY_KEY_REUSED", lambda: client.create_once({"name": "Something else"}, key))

    changed = client.change(made["id"], lambda account: {"website": f"https://example.com/{account['version']}"})
    assert changed["version"] == made["version"] + 1
    stale = {"id": made["id"], "version": made["version"], "website": "https://late.example"}
    expect(UserErrors, "VERSION_CONFLICT", lambda: accepted(client.request(UPDATE, {"input": stale})["accountUpdate"]))
    accepted(client.request(DELETE, {"input": {"id": made["id"]}})["accountDelete"])
    print("An account was made once with one key, and a stale version was refused")


def throttling(client):
    client.request(PAGE)
    status, cost = client.cost["throttleStatus"], client.cost["requestedQueryCost"]
    # Half as much again as the token can spend at once, as fast as it goes: the client waits by itself where it has to.
    requests = math.ceil(1.5 * status["maximumAvailable"] / cost)
    if requests > 100:
        print("The limits of this server are too generous to run into them here")
        return
    before = client.waits
    with concurrent.futures.ThreadPoolExecutor(requests) as pool:
        list(pool.map(lambda _: client.request(PAGE), range(requests)))
    assert client.waits > before, "some of them had to wait"
    print(f"{requests} requests at once took {client.waits - before} pauses; {status['restoreRate']} points return each second")


def watching(client):
    integration = client.request("{ integrations { id } }")["integrations"][0]["id"]
    started = accepted(client.request(START, {"input": {"integrationId": integration, "module": "CUSTOMERS"}})["syncRunStart"])
    run = started["syncRun"]["id"]
    states = list(client.watch(run))
    assert states[-1]["run"]["id"] == run and states[-1]["run"]["state"] == "SUCCEEDED", states[-1]
    assert len({state["cursor"] for state in states}) == len(states), "no state came twice"
    print(f"A run was watched over server-sent events: {len(states)} states, the last one SUCCEEDED")


if __name__ == "__main__":
    main()
