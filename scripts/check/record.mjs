// Writes the outcome of `npm run check:deep` into docs/security.md, between two marks.
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { outputOf, root } from '../command.mjs';
import { steps } from './steps.mjs';
import { compiler } from './toolchain.mjs';

const [begin, end] = ['<!-- check:deep -->', '<!-- /check:deep -->'];

/** Replaces what an earlier run has written; steps that did not run keep their row. */
export function record(results, { seconds }) {
  const file = path.join(root, 'docs', 'security.md');
  const page = readFileSync(file, 'utf8');
  const [before, rest = ''] = page.split(begin);
  const [last, after] = rest.split(end);
  if (after === undefined) throw new Error(`docs/security.md has no lines ${begin} and ${end}`);
  const rows = steps.map(({ name, about }) => {
    const result = results.find((each) => each.name === name);
    const old = last.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    return result === undefined ? (old ?? `| \`${name}\` | ${about} | not run |`) : rowOf(result, about);
  });
  writeFileSync(file, `${before}${begin}\n${[heading(seconds), '', ...table(rows)].join('\n')}\n${end}${after}`);
}

function heading(seconds) {
  const date = new Date().toISOString().slice(0, 10);
  const versions = [`Node ${process.version.slice(1)}`, outputOf('rustc', ['--version']), compiler];
  return `Last run on ${date}: ${[...new Set(versions)].join(', ')}; ${os.cpus().length} cores; ${seconds} s for each fuzz target.`;
}

function table(rows) {
  return ['| step | what it runs | result |', '|---|---|---|', ...rows];
}

function rowOf({ name, outcome, seconds, reason }, about) {
  const result = outcome === 'skipped' ? `skipped: ${reason}` : `${outcome} in ${Math.round(seconds)} s`;
  return `| \`${name}\` | ${about} | ${result} |`;
}
