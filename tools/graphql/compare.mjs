#!/usr/bin/env node
// Compares the schema with that of the last release: a change that breaks clients has to be named in the changelog.
//   npm run compare
//   node compare.mjs RELEASED CURRENT CHANGELOG
// `api/schema.released.graphql` is the schema of the last release, copied when the release is made. Before the first
// release there is none, and nothing can break.
//
// Breaking changes are allowed if CHANGELOG.md, under "## [Unreleased]", has a heading "### Breaking" whose list names
// each by its path in backquotes: `Account.fax`, `Query.accounts.first`, `AccountFilter.name`, `StageKind.LOST`.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CriticalityLevel, DiffRule, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/** Paths in backquotes under "### Breaking" of the unreleased part of a changelog. */
export function announced(changelog) {
  const unreleased = changelog.split(/^## /m).find((part) => /^\[?unreleased/i.test(part)) ?? '';
  const breaking = unreleased.split(/^### /m).find((part) => /^breaking\s*$/im.test(part.split('\n', 1)[0])) ?? '';
  return new Set([...breaking.matchAll(/`([A-Za-z_@][\w.@]*)`/g)].map((match) => match[1]));
}

/** What changed between two schemas: what breaks without being announced, what breaks and is, and how much else changed. */
export async function compare(released, current, changelog) {
  const names = announced(changelog);
  // Without this rule a field is reported when the type around it is new or gone, too.
  const changes = await diff(buildSchema(released), buildSchema(current), [DiffRule.simplifyChanges]);
  const breaking = changes.filter((change) => change.criticality.level === CriticalityLevel.Breaking);
  return {
    breaking: breaking.filter((change) => !names.has(change.path)),
    announced: breaking.filter((change) => names.has(change.path)),
    others: changes.length - breaking.length,
  };
}

async function main([released, current, changelog]) {
  const top = fileURLToPath(new URL('../../', import.meta.url));
  released ??= resolve(top, 'api/schema.released.graphql');
  current ??= resolve(top, 'api/schema.graphql');
  changelog ??= resolve(top, 'CHANGELOG.md');
  if (!existsSync(released)) {
    console.log('Nothing is released yet: there is no api/schema.released.graphql to compare with.');
    return 0;
  }
  const read = (path) => readFileSync(path, 'utf8');
  const result = await compare(read(released), read(current), read(changelog));
  for (const change of result.announced) console.log(`announced  ${change.path}: ${change.message}`);
  for (const change of result.breaking) console.error(`BREAKING   ${change.path}: ${change.message}`);
  console.log(`${result.breaking.length} breaking, ${result.announced.length} breaking and announced, ${result.others} other changes`);
  if (result.breaking.length === 0) return 0;
  console.error('Keep what clients use and deprecate it, or name the path in backquotes in CHANGELOG.md, under');
  console.error('"## [Unreleased]" and "### Breaking", with what clients have to do.');
  return 1;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
