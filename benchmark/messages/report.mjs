// The results as people read them: medians, and each beside the plain request of the same worker.
import { median, number, table } from '../report.mjs';
import { scenarios } from './scenarios.mjs';

const titles = { pinned: 'Pinned: host and worker share one CPU', free: 'Free: the system places host and worker' };

export function markdown({ machine, engine, rounds, date, modes }) {
  const head = [
    '# Benchmark: beyond request and answer',
    '',
    `Node ${machine.node.slice(1)} (V8 ${machine.v8}), ${machine.platform}, ${machine.cpu}, ${machine.cores} cores, ${date}.`,
    `I/O engine of processes: \`${engine}\`. Medians of ${rounds} rounds.`,
    'Requests carry a fresh `{ data: <100 characters> }`. A ratio is this row divided by the plain request of the same worker.',
  ];
  return `${[...head, ...modes.flatMap(section)].join('\n')}\n`;
}

function section({ mode, drivers }) {
  const names = Object.keys(drivers);
  const rows = scenarios.map(({ name, title, unit, beside, limit }) => [
    `${title}, ${unit}`,
    ...names.flatMap((driver) => {
      const value = median(drivers[driver][name]);
      const ratio = beside === undefined ? '' : (value / median(drivers[driver][beside])).toFixed(2);
      return [number(value), ratio];
    }),
    limit === undefined ? '' : `${unit === 'µs' ? 'at most' : 'at least'} ${limit.toFixed(2)}`,
  ]);
  const header = ['', ...names.flatMap((driver) => [driver, 'ratio']), 'target'];
  return ['', `## ${titles[mode]}`, '', ...table(header, rows)];
}
