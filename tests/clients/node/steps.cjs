// Sections and steps of a script, one printed line each. A failed step ends its section; the others go on.
"use strict";

const assert = require("node:assert/strict");

const { EMULATOR_URL, ORGANIZATION_ID, DECOY_ORGANIZATION_ID, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, ACCESS_TOKEN } =
  process.env;
const STEP_FAILED = Symbol("a step failed");
const print = console.log;
// Some packages print every failure.
for (const name of ["log", "info", "warn", "error"]) console[name] = () => {};

let passed = 0;
let failed = 0;

async function section(name, run) {
  async function step(title, action) {
    try {
      const result = await action();
      passed += 1;
      print(`  ok      ${name}: ${title}`);
      return result;
    } catch (error) {
      failed += 1;
      print(`  FAILED  ${name}: ${title}`);
      print(`          ${String(error?.message ?? error).replaceAll("\n", "\n          ")}`);
      if (!(error instanceof assert.AssertionError)) print(`         ${error?.stack?.split("\n")[1] ?? ""}`);
      print(`          last call: ${await lastCall()}`);
      throw STEP_FAILED;
    }
  }
  try {
    await run(step);
  } catch (error) {
    if (error !== STEP_FAILED) throw error;
  }
}

async function lastCall() {
  const { entries } = await (await fetch(`${EMULATOR_URL}/_emulator/journal`)).json();
  const last = entries.reduce((one, other) => (one && one.sequence > other.sequence ? one : other), undefined);
  return last === undefined
    ? "none"
    : `${last.method} ${last.path}?${last.query} ${last.request_body.slice(0, 300)} -> ` +
        `${last.status} ${last.response_body.slice(0, 600)}`;
}

// Runs the sections in turn and ends the process.
function run(...sections) {
  (async () => {
    for (const [name, action] of sections) await section(name, action);
    print(`  ${passed} passed, ${failed} failed`);
    process.exitCode = failed ? 1 : 0;
  })().catch((error) => {
    print(error);
    process.exitCode = 1;
  });
}

module.exports = {
  assert,
  run,
  emulator: EMULATOR_URL,
  organization: ORGANIZATION_ID,
  decoy: DECOY_ORGANIZATION_ID,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  refreshToken: REFRESH_TOKEN,
  accessToken: ACCESS_TOKEN,
};
