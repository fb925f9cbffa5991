// Writes the outcome of `npm run check:platforms` into docs/platforms.md, between two marks.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { platforms } from './targets.mjs';

const [begin, end] = ['<!-- check:platforms -->', '<!-- /check:platforms -->'];

/** Replaces the rows of the targets that ran; the others keep theirs. */
export function record(results) {
  const file = path.join(root, 'docs', 'platforms.md');
  const page = readFileSync(file, 'utf8');
  const [before, rest = ''] = page.split(begin);
  const [last, after] = rest.split(end);
  if (after === undefined) throw new Error(`docs/platforms.md has no lines ${begin} and ${end}`);
  const old = last.split('\n').filter((line) => line.startsWith('| `'));
  const rows = platforms.flatMap(({ triple }) => {
    const result = results.find((each) => each.triple === triple);
    return result === undefined ? old.filter((line) => line.startsWith(`| \`${triple}\``)) : rowsOf(result);
  });
  const date = `Last run on ${new Date().toISOString().slice(0, 10)}.`;
  const head = ['| target | built | loaded | suite | passed |', '|---|---|---|---|---|'];
  writeFileSync(file, `${before}${begin}\n${[date, '', ...head, ...rows].join('\n')}\n${end}${after}`);
}

function rowsOf({ triple, built, loaded, suites }) {
  const row = (suite, passed) => `| \`${triple}\` | ${built.text} | ${loaded.text} | ${suite} | ${passed} |`;
  if (suites.length === 0) return [row('', '')];
  return suites.map(({ name, passed, total, differences }) => {
    const rest = differences === 0 ? '' : `, ${differences} differ as listed`;
    return row(name, `${passed} of ${total}${rest}`);
  });
}
