"""Fuzzes a running server's GraphQL endpoint with Schemathesis.

    tools/graphql/with-server npm --prefix tools/graphql run fuzz
    tools/graphql/with-server npm --prefix tools/graphql run fuzz -- --cases 20000 --seed 7

For every field of Query and Mutation it makes queries that fit the schema and queries that do not, with ids that are there
and ids that are not, numbers and texts at and beyond every edge, and sends them signed in as an administrator. Each answer
must have no status of 500 or above, come within five seconds, be JSON of GraphQL's form, and carry only error codes of
docs/errors.md other than INTERNAL_SERVER_ERROR. The number of cases is a budget: fewer is a failure too.
The server's records are changed and deleted: use it on a throwaway server only.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import graphql

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
# Slower than this, and a person thinks that nothing happens.
SECONDS = 5
# How often a value that fits is put where a random one would be.
OFTEN = 0.7

# Arguments that name a record by the part it plays, and the field that lists such records.
ROLES = {"owner": "user", "parent": "account", "field": "customField"}
# What the sample CRM has none of, or what the run must not use up: some are made for it.
SPARES = {
    # The token that signs the requests in has to stay unknown: its revocation would end the run.
    "apiToken": 'apiTokenCreate(input: {{ name: "Spare {0}" }}) {{ apiToken {{ id }} }}',
    "customField": 'customFieldCreate(input: {{ recordType: ACCOUNT, kind: TEXT, key: "spare_{0}", label: "Spare {0}" }}) {{ customField {{ id }} }}',
    "layout": 'layoutCreate(input: {{ recordType: ACCOUNT, name: "Spare {0}", fieldIds: [] }}) {{ layout {{ id }} }}',
}


def main():
    parser = argparse.ArgumentParser(description="Fuzz a running, throwaway Finbridge.")
    parser.add_argument("--cases", type=int, default=2000, help="how many requests at least (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same requests (default: %(default)s)")
    wish = parser.parse_args()
    url, token = os.environ.get("FINBRIDGE_URL"), os.environ.get("FINBRIDGE_TOKEN")
    if not url or not token:
        sys.exit("FINBRIDGE_URL and FINBRIDGE_TOKEN are not both set; use tools/graphql/with-server npm run fuzz")
    endpoint = f"{url}/graphql"
    schema = graphql.build_schema((TOP / "api/schema.graphql").read_text(encoding="utf-8"))
    fields = len(schema.query_type.fields) + len(schema.mutation_type.fields)
    with tempfile.TemporaryDirectory(prefix="finbridge-fuzz-") as folder:
        config, report = Path(folder, "schemathesis.toml"), Path(folder, "report.json")
        config.write_text(configuration(schema, known_ids(schema, endpoint, token)), encoding="utf-8")
        command = [
            Path(sys.executable).parent / "st", "--config-file", config, "run", endpoint,
            "--header", f"Authorization: Bearer {token}",
            "--phases", "fuzzing", "--checks", "graphql_answer", "--max-response-time", str(SECONDS),
            "--max-examples", str(math.ceil(wish.cases / fields)), "--seed", str(wish.seed), "--mode", "all",
            "--continue-on-failure", "--generation-database", "none", "--workers", "2", "--warnings", "off",
            "--request-timeout", "30", "--report", "json", "--report-json-path", report, "--no-color",
        ]  # fmt: skip
        status = subprocess.run(command, env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")}).returncode
        told = json.loads(report.read_text(encoding="utf-8")) if report.exists() else sys.exit(status or 1)
    made, tested = told["test_cases"]["generated"], told["operations"]["tested"]
    rates = {name: rate.get("fuzzing", {}) for name, rate in told["valid_rates"].items()}
    unreached = sorted(name for name, rate in rates.items() if not rate.get("accepted"))
    print(f"{made} cases made of {wish.cases} asked for, {tested} of {fields} fields, seed {wish.seed}")
    if status:
        sys.exit(status)
    if made < wish.cases or tested < fields:
        sys.exit("Fewer cases or fields than asked for is no pass. Is the server built from this api/schema.graphql?")
    if unreached:
        print(f"None of them got data from: {', '.join(unreached)}. They were tested only with what is refused.")


def known_ids(schema, endpoint, token):
    """Ids of records that are there, by type: without them no request would get past "there is none"."""
    wishes = {kind: wish for kind, wish in lists(schema) if kind not in SPARES}
    found = ask(endpoint, token, "{ " + " ".join(f"{kind}: {wish}" for kind, wish in wishes.items()) + " }")
    for kind, spare in SPARES.items():
        made = ask(endpoint, token, "mutation { " + " ".join(f"_{n}: {spare.format(n)}" for n in range(3)) + " }")
        found[kind] = [payload[kind] for payload in made.values() if payload[kind]]
        if not found[kind]:
            sys.exit(f"No {kind} could be made: adapt SPARES in fuzz/run.py to the schema.")
    ids = {}
    for kind, records in found.items():
        records = records["nodes"] if isinstance(records, dict) else records
        if records:
            ids[kind] = [record["id"] for record in records]
    ids["any"] = sorted(one for some in ids.values() for one in some)
    return ids


def lists(schema):
    """The fields of Query that list records: name of the type as arguments have it, and how to ask for some ids."""
    for name, field in schema.query_type.fields.items():
        kind = graphql.get_named_type(field.type)
        pages = kind.name.endswith("Connection")
        if pages:
            kind = graphql.get_named_type(kind.fields["nodes"].type)
        elif not isinstance(graphql.get_nullable_type(field.type), graphql.GraphQLList):
            continue
        if "id" not in getattr(kind, "fields", {}) or any(graphql.is_required_argument(one) for one in field.args.values()):
            continue
        yield kind.name[0].lower() + kind.name[1:], f"{name}(first: 20) {{ nodes {{ id }} }}" if pages else f"{name} {{ id }}"


def ask(endpoint, token, query):
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(endpoint, json.dumps({"query": query}).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    if answer.get("errors"):
        sys.exit(f"The server's records cannot be listed: {answer['errors']}")
    return answer["data"]


def configuration(schema, ids):
    """Schemathesis's configuration: which argument is often given which of the known values."""
    sizes = {"page": [1, 2, 25, 100, 101, 0, -1]}
    lines = []
    for name, values in {**ids, **sizes}.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}", ""]
    lines += ["[parameters]"]
    for path in ('"*.*.first"', '"*.*.last"'):
        lines.append(f"{path} = {{ dictionary = \"page\", probability = {OFTEN} }}")
    for path, dictionary in id_arguments(schema, ids):
        if dictionary in ids:
            lines.append(f'"{path}" = {{ dictionary = "{dictionary}", probability = {OFTEN} }}')
    return "\n".join(lines) + "\n"


def id_arguments(schema, kinds):
    """Paths of the arguments that take an id, and the type of record that each means."""
    for root in (schema.query_type, schema.mutation_type):
        for field_name, field in root.fields.items():
            for path, name in inside(field.args, ()):
                own = next((kind for kind in sorted(kinds, key=len, reverse=True) if field_name.startswith(kind)), "any")
                kind = own if name in ("id", "ids") else name.removesuffix("s").removesuffix("Id")
                yield f"{root.name}.{field_name}.{'.'.join(path)}", ROLES.get(kind, kind if kind in kinds else "any")


def inside(arguments, above):
    for name, argument in arguments.items():
        kind = graphql.get_nullable_type(argument.type)
        step = name
        if isinstance(kind, graphql.GraphQLList):
            kind, step = graphql.get_named_type(kind), f"{name}[*]"
        path = (*above, step)
        if isinstance(kind, graphql.GraphQLInputObjectType) and len(path) < 4:
            yield from inside(kind.fields, path)
        elif getattr(kind, "name", "") == "ID":
            # Of `owner: { eq: … }` the name that counts is the filter's.
            yield path, above[-1] if name in ("eq", "in") and above else name


if __name__ == "__main__":
    main()
