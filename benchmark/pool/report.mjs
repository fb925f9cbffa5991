// The figures as a page.
import { echoes, MILLIS } from './scenarios.mjs';

export function median(values = []) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function markdown({ date, machine, rounds, load, versions, modes, memory }) {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const head = [
    '# Pools',
    '',
    `${date}, Node ${machine.node}, ${machine.platform}, ${machine.cores} cores of ${machine.cpu}; medians of ${rounds} rounds; load ` +
      `before the run: ${load}. Beside ${packages.join(', ')}.`,
  ];
  const tables = modes.flatMap(({ mode, results }) => [
    '',
    `## ${mode}`,
    '',
    ...peersTable(results),
    '',
    ...overheadTable(results),
  ]);
  return `${[...head, ...tables, ...memoryTable(memory)].join('\n')}\n`;
}

function peersTable({ peers, ideal }) {
  const names = [...echoes.map(({ name }) => name), '1 MiB of bytes', 'start to first result'];
  const works = MILLIS.map((millis) => `${millis} ms of work`);
  const columns = [
    'echo 1, per s',
    'echo 64, per s',
    'echo 1,024, per s',
    '1 MiB, µs',
    'start, ms',
    ...works.map((name) => `${name}, of ideal`),
  ];
  const rows = Object.entries(peers).map(([peer, results]) => [
    peer,
    ...names.map((name) => Math.round(median(results[name])).toLocaleString('en')),
    ...works.map((name) => (median(results[name]) / median(ideal['ideal'][name])).toFixed(3)),
  ]);
  return table(['pool', ...columns], rows);
}

function overheadTable({ overhead }) {
  const rows = ['process', 'thread'].map((kind) => [
    `a pool of one, divided by its bare worker, ${kind}`,
    ...echoes.map(({ name }) =>
      (median(overhead[`a pool of one, ${kind}`][name]) / median(overhead[`one worker, ${kind}`][name])).toFixed(2),
    ),
  ]);
  return table(['rate', ...echoes.map(({ name }) => name)], rows);
}

function memoryTable(memory) {
  if (memory === undefined) return [];
  const rows = Object.entries(memory).map(([peer, peak]) => [peer, Math.round(peak)]);
  return ['', '## memory', '', 'The peak of host and workers together, in MiB.', '', ...table(['pool', 'MiB'], rows)];
}

function table(columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)];
}
