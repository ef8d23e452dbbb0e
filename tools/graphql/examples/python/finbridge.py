"""A client of Finbridge's GraphQL API with Python's standard library alone."""

import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request

PAGE = """
query AccountPage($after: String, $filter: AccountFilter) {
  accounts(first: 50, after: $after, filter: $filter, orderBy: { field: NAME, direction: ASC }) {
    totalCount
    nodes { id version name website annualRevenue { amount currencyCode } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

CREATE = """
mutation AccountCreate($input: AccountCreateInput!) {
  accountCreate(input: $input) {
    account { id version name website }
    userErrors { code field message }
  }
}
"""

READ = "query Account($id: ID!) { account(id: $id) { id version name website } }"

UPDATE = """
mutation AccountUpdate($input: AccountUpdateInput!) {
  accountUpdate(input: $input) {
    account { id version name website }
    userErrors { code field message }
  }
}
"""

WATCH = """
subscription SyncRunProgress($runId: ID!, $after: String) {
  syncRunProgress(runId: $runId, after: $after) {
    cursor
    done
    expected
    run { id state totals { added updated failed } error { code message } }
  }
}
"""


class RequestError(Exception):
    """The program, its token or the server is at fault: an error outside any payload."""

    def __init__(self, errors):
        first = errors[0]
        self.errors, self.code = errors, first["extensions"]["code"]
        super().__init__(f"{self.code}: {first['message']} (request {first['extensions']['requestId']})")


class UserErrors(Exception):
    """The person who filled in the form can mend it."""

    def __init__(self, errors):
        self.errors, self.codes = errors, {error["code"] for error in errors}
        super().__init__("; ".join(error["message"] for error in errors))


def accepted(payload):
    """A mutation's payload when it did what was asked; otherwise its user errors are raised."""
    if payload["userErrors"]:
        raise UserErrors(payload["userErrors"])
    return payload


class Client:
    def __init__(self, url, token):
        self.endpoint, self.token, self.waits, self.cost = f"{url}/graphql", token, 0, None

    def request(self, query, variables=None):
        """Runs a query or a mutation, again after a pause while it is throttled."""
        for attempt in range(1, 11):
            answer = self._send({"query": query, "variables": variables or {}})
            self.cost = answer.get("extensions", {}).get("cost")
            errors = answer.get("errors")
            if not errors:
                return answer["data"]
            throttled = [error for error in errors if error["extensions"]["code"] == "THROTTLED"]
            if not throttled or attempt == 10:
                raise RequestError(errors)
            # A throttled request was not executed, so that mutations may be repeated too. Those that wait at the same
            # time must not all come back at the same time.
            self.waits += 1
            time.sleep(throttled[0]["extensions"].get("retryAfterSeconds", 1) * (1 + random.random() * attempt))

    def _send(self, body):
        headers = {
            "accept": "application/graphql-response+json",
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
        }
        request = urllib.request.Request(self.endpoint, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=15) as response:
                return json.load(response)
        except urllib.error.HTTPError as refusal:
            # The status tells the same as the errors in the body, so one look at the body is enough.
            return json.load(refusal)

    def all_accounts(self, where=None):
        """Every account for which the filter holds, a page at a time."""
        after = None
        while True:
            accounts = self.request(PAGE, {"after": after, "filter": where})["accounts"]
            yield from accounts["nodes"]
            if not accounts["pageInfo"]["hasNextPage"]:
                return
            after = accounts["pageInfo"]["endCursor"]

    def create_once(self, account, idempotency_key):
        """Makes an account, once, whatever happens on the way. The key has to be the same for each try of one intention."""
        for attempt in range(1, 6):
            try:
                data = self.request(CREATE, {"input": {**account, "idempotencyKey": idempotency_key}})
                return accepted(data["accountCreate"])["account"]
            except UserErrors as error:
                if "IDEMPOTENCY_IN_PROGRESS" not in error.codes or attempt == 5:
                    raise
            except (urllib.error.URLError, http.client.HTTPException, OSError):
                # The connection broke: the account may be there, or not.
                if attempt == 5:
                    raise
            time.sleep(0.2 * attempt)

    def change(self, account_id, decide):
        """Changes an account, starting from what is there now; again from the new state when somebody else was faster."""
        for attempt in range(1, 6):
            account = self.request(READ, {"id": account_id})["account"]
            wish = {**decide(account), "id": account_id, "version": account["version"]}
            try:
                return accepted(self.request(UPDATE, {"input": wish})["accountUpdate"])["account"]
            except UserErrors as error:
                if "VERSION_CONFLICT" not in error.codes or attempt == 5:
                    raise

    def watch(self, run_id):
        """Every state of a sync run until it has ended. After an interruption it goes on without a repetition."""
        after, failures = None, 0
        while True:
            try:
                for event, data in self._events({"query": WATCH, "variables": {"runId": run_id, "after": after}}):
                    if event == "complete":
                        return
                    if data.get("errors"):
                        raise RequestError(data["errors"])
                    failures, state = 0, data["data"]["syncRunProgress"]
                    after = state["cursor"]
                    yield state
                raise ConnectionError("the stream ended before the run did")
            except (http.client.HTTPException, OSError):
                failures += 1
                if failures > 5:
                    raise
                time.sleep(2**failures * 0.1 * (1 + random.random()))

    def _events(self, body):
        """Server-sent events: a POST whose answer goes on, one event after the other."""
        server = urllib.parse.urlsplit(self.endpoint)
        secure = server.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        # Signs of life come more often than this; without one for so long the connection is dead.
        connection = connect(server.netloc, timeout=60)
        headers = {
            "accept": "text/event-stream",
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
        }
        try:
            connection.request("POST", server.path, json.dumps(body), headers)
            response = connection.getresponse()
            if response.status != 200:
                raise RequestError(json.load(response)["errors"])
            event, data = None, []
            for line in map(lambda raw: raw.decode().rstrip("\r\n"), response):
                name, _, value = line.partition(":")
                if name == "event":
                    event = value.strip()
                elif name == "data":
                    data.append(value.removeprefix(" "))
                elif not line and event:
                    text = "\n".join(data)
                    yield event, json.loads(text) if text else None
                    event, data = None, []
        finally:
            connection.close()
