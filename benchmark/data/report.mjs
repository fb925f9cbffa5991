// The results as people read them: for each Node and mode the medians, the targets, the delay; then the peaks of memory.
import { createPeer } from '../peers/index.mjs';
import { median, number, table } from '../report.mjs';
import { peerNames, ways } from './peers.mjs';
import { scenarios } from './scenarios.mjs';
import { judge, targets } from './targets.mjs';

const modeTitles = {
  pinned: 'pinned: host and workers share one CPU',
  free: 'free: the system places host and workers',
};
const titles = peerNames.map((name) => createPeer(name).title);

/** The whole report in Markdown. */
export function markdown({ machine, engine, rounds, date, runtimes }) {
  const head = [
    '# Benchmark: data',
    '',
    `${machine.platform}, ${machine.cpu}, ${machine.cores} cores, ${date}. I/O engine: \`${engine}\`.`,
    `Medians of ${rounds} rounds in which every peer had its turn; of the delay, of at most 3.`,
  ];
  return `${[...head, ...runtimes.flatMap(runtimeSection)].join('\n')}\n`;
}

function runtimeSection({ name, reason, v8, modes, memory }) {
  if (reason !== undefined) return ['', `## ${name}`, '', `Not measured: ${reason}.`];
  const node = `Node ${name.slice(1)} (V8 ${v8})`;
  const sections = modes.flatMap((each) => ['', `## ${node}, ${modeTitles[each.mode]}`, ...modeSection(each)]);
  return memory === undefined ? sections : [...sections, '', `## ${node}, memory`, ...memorySection(memory)];
}

function modeSection({ results, delay, stolen }) {
  const measured = scenarios.filter(({ name }) => results[peerNames[0]][name] !== undefined);
  const rows = measured.map(({ name, title, unit }) => [
    `${title}, ${unit}`,
    ...peerNames.map((peer) => number(median(results[peer][name]))),
  ]);
  const lines = rows.length === 0 ? [] : ['', ...table(['', ...titles], rows)];
  if (stolen !== undefined)
    lines.unshift('', `Taken by others on the same hardware: ${(stolen * 100).toFixed(1)} % of the time.`);
  const judged = targets.filter(({ scenario }) => measured.some(({ name }) => name === scenario));
  if (judged.length > 0) {
    const verdicts = judged.map((target) => judge(target, results));
    lines.push('', 'Targets:', '', ...table(['ours, divided by the peer', 'target', 'measured', ''], verdicts));
  }
  return Object.keys(delay).length === 0 ? lines : [...lines, '', ...delayTable(delay)];
}

/** Of ten workers, the memory of the one that had most. */
function delayTable(delay) {
  const rows = ways.map(({ name, title }) => {
    const { p99, waiting, longest, answered, host, worker } = delay[name];
    return [
      title,
      ...[p99, waiting, longest, answered].map((values) => number(median(values))),
      peaks({ host, worker }),
    ];
  });
  const header = [
    '30 MB to ten workers',
    'p99 of turns, ms',
    'p99 of time, ms',
    'longest, ms',
    'all answered, ms',
    'peak, MiB',
  ];
  return table(header, rows);
}

function memorySection(memory) {
  const rows = scenarios.map(({ name, title }) => [title, ...peerNames.map((peer) => peaks(memory[peer][name]))]);
  return ['', ...table(['peak of host + worker, MiB', ...titles], rows)];
}

/** Where the system tells; a thread has none of its own. */
function peaks({ host, worker }) {
  const known = [host, worker].filter((peak) => typeof peak === 'number');
  return known.length === 0 ? '-' : known.map(number).join(' + ');
}
