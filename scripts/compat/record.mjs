// Writes the result into the documentation.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { causeOf } from './node-causes.mjs';
import { packages } from './packages.mjs';

const page = path.join(root, 'docs/worker-threads.md');
const begin = '<!-- written by npm run check:compat -- --record -->';
const beginOwn = '<!-- written by npm run check:compat -- --record --node-tests <folder> -->';
const end = '<!-- end -->';

/** @param own - The result of Node's own programs; without it, the page keeps what it has. */
export function record(results, own) {
  const rows = results.map(({ name, variant, version, passed, checks }) => {
    const { shows } = packages.find((each) => each.name === name && each.variant === variant);
    const title = variant === undefined ? '' : `, ${variant}, on Node 24`;
    return `| ${name} ${version}${title} | ${shows} | ${passed} of ${checks} |`;
  });
  const table = ['| package | what it does there | checks that pass |', '|---|---|---|', ...rows].join('\n');
  let text = readFileSync(page, 'utf8');
  if (own !== undefined) text = replaced(text, beginOwn, ownTable(own));
  const head = `Node ${process.versions.node}, ${process.platform} ${process.arch}:`;
  writeFileSync(page, replaced(text, begin, `${head}\n\n${table}`));
}

function replaced(text, mark, content) {
  const at = text.indexOf(mark);
  const to = text.indexOf(end, at);
  if (at < 0 || to < 0) throw new Error(`${page} lacks the lines ${mark} and ${end}`);
  return `${text.slice(0, at)}${mark}\n\n${content}\n\n${text.slice(to)}`;
}

function ownTable({ version, all, failed }) {
  const short = (name) => `\`${name.replace(/^test-worker-/, '').replace(/\.m?js$/, '')}\``;
  const causes = [...new Set(failed.map(causeOf))];
  const rows = causes.map((cause) => {
    const names = failed.filter((name) => causeOf(name) === cause).map(short);
    return `| ${cause} | ${names.join(', ')} |`;
  });
  const head = `Node ${version}: ${all - failed.length} of the ${all} programs that pass with threads pass with processes. The others:`;
  return [head, '', '| cause | programs `test-worker-…` |', '|---|---|', ...rows].join('\n');
}
