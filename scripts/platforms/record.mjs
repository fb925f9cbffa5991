// Writes the outcome of `npm run check:platforms` into docs/platforms.md, between two marks.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { platforms } from './targets.mjs';

const [begin, end] = ['<!-- check:platforms -->', '<!-- /check:platforms -->'];
const head = ['| target | built | loaded | suite | passed | on |', '|---|---|---|---|---|---|'];

/** Replaces the rows of the targets and suites that ran; the others keep theirs, with their date. */
export function record(results) {
  const file = path.join(root, 'docs', 'platforms.md');
  const page = readFileSync(file, 'utf8');
  const [before, rest = ''] = page.split(begin);
  const [last, after] = rest.split(end);
  if (after === undefined) throw new Error(`docs/platforms.md has no lines ${begin} and ${end}`);
  const old = last.split('\n').filter((line) => line.startsWith('| `'));
  writeFileSync(file, `${before}${begin}\n${[...head, ...merged(old, results)].join('\n')}\n${end}${after}`);
}

/** The rows of the table in the order of the targets, and of the suites as they first ran. */
export function merged(old, results) {
  return platforms.flatMap(({ triple }) => {
    const kept = old.filter((row) => cellsOf(row)[0] === `\`${triple}\``);
    const result = results.find((each) => each.triple === triple);
    if (result === undefined) return kept;
    if (result.suites.length === 0) return [rowOf(result)];
    const fresh = new Map(result.suites.map((suite) => [suite.name, rowOf(result, suite)]));
    const rows = kept.filter((row) => suiteOf(row) !== '').map((row) => take(fresh, suiteOf(row)) ?? row);
    return [...rows, ...fresh.values()];
  });
}

function rowOf({ triple, built, loaded, date }, { name = '', ...suite } = {}) {
  const passed = name === '' ? '' : passedOf(suite);
  return `| ${[`\`${triple}\``, built.text, loaded.text, name, passed, date].join(' | ')} |`;
}

function passedOf({ passed, total, differences, unexpected }) {
  const listed = differences === 0 ? '' : `, ${differences} differ as listed`;
  const others = unexpected.length === 0 ? '' : `, failed: ${unexpected.join('; ')}`;
  return `${passed} of ${total}${listed}${others}`;
}

function cellsOf(row) {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function suiteOf(row) {
  return cellsOf(row)[3];
}

function take(map, name) {
  const row = map.get(name);
  map.delete(name);
  return row;
}
