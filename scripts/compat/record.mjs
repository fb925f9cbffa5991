// Writes the result into the documentation.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { packages } from './packages.mjs';

const page = path.join(root, 'docs/worker-threads.md');
const begin = '<!-- written by npm run check:compat -- --record -->';
const end = '<!-- end -->';

export function record(results) {
  const rows = results.map(({ name, version, passed, checks }) => {
    const { shows } = packages.find((each) => each.name === name);
    return `| ${name} ${version} | ${shows} | ${passed} of ${checks} |`;
  });
  const table = ['| package | what it does there | checks that pass |', '|---|---|---|', ...rows].join('\n');
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${page} lacks the lines ${begin} and ${end}`);
  const head = `Node ${process.versions.node}, ${process.platform} ${process.arch}:`;
  writeFileSync(page, `${before}${begin}\n\n${head}\n\n${table}\n\n${end}${after}`);
}
