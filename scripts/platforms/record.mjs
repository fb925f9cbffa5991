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
    const fresh = new Map(result.suites.map((suite) => rowOf(result, suite)).map((row) => [keyOf(row), row]));
    const rows = kept.filter((row) => cellsOf(row)[3] !== '').map((row) => take(fresh, keyOf(row)) ?? row);
    return [...rows, ...fresh.values()];
  });
}

function rowOf({ triple, built, loaded, date }, result) {
  const cells = result === undefined ? [loaded.text, '', ''] : [result.runtime, result.suite, passedOf(result)];
  return `| ${[`\`${triple}\``, built.text, ...cells, date].join(' | ')} |`;
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

/** A row is about one suite in one runtime. */
function keyOf(row) {
  return cellsOf(row).slice(2, 4).join();
}

function take(map, name) {
  const row = map.get(name);
  map.delete(name);
  return row;
}
