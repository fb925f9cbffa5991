// The results as people read them: one table of medians and one of ratios per mode, and the targets.
import { createPeer } from './peers/index.mjs';
import { scenarios } from './scenarios.mjs';

const modeTitles = { pinned: 'Pinned: host and worker share one CPU', free: 'Free: the system places host and worker' };

// What the project promises, for the mode that is steady enough to promise anything: pinned.
const targets = [
  { ours: 'ours', scenario: 'latency', peer: 'postMessage', limit: 1.0 },
  { ours: 'ours', scenario: 'throughput-64', peer: 'postMessage', limit: 1.3 },
  { ours: 'ours', scenario: 'start-up', peer: 'fork-json', limit: 1.15 },
  { ours: 'ours-threads', scenario: 'latency', peer: 'postMessage', limit: 1.15 },
  { ours: 'ours-threads', scenario: 'throughput-64', peer: 'postMessage', limit: 2.0 },
  { ours: 'ours-threads', scenario: 'throughput-1024', peer: 'postMessage', limit: 2.0 },
  { ours: 'ours-threads', scenario: 'start-up', peer: 'postMessage', limit: 1.25 },
];

/** The whole report in Markdown. */
export function markdown({ machine, engine, rounds, date, modes }) {
  const head = [
    '# Benchmark',
    '',
    `Node ${machine.node.slice(1)} (V8 ${machine.v8}), ${machine.platform}, ${machine.cpu}, ${machine.cores} cores, ${date}.`,
    `I/O engine of isolated-workers: \`${engine}\`. Medians of ${rounds} rounds in which every peer had its turn.`,
    'Each request carries a fresh `{ data: <100 characters> }`, except in the row of the 1 MiB string.',
  ];
  return `${[...head, ...modes.flatMap(modeSection)].join('\n')}\n`;
}

/** The middle value; of an even count the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function modeSection({ mode, results }) {
  const peers = Object.keys(results);
  const ours = peers.filter((peer) => peer.startsWith('ours'));
  const others = peers.filter((peer) => !ours.includes(peer));
  const medians = scenarios.map(({ name, title, unit }) => [
    `${title}, ${unit}`,
    ...peers.map((peer) => number(median(results[peer][name]))),
  ]);
  const lines = ['', `## ${modeTitles[mode]}`, '', ...table(['', ...titlesOf(peers)], medians)];
  if (others.length === 0) return lines;

  for (const our of ours) {
    const ratios = scenarios.map(({ name, title, better }) => [
      `${title} (${better} is better)`,
      ...others.map((peer) => ratio(results, name, our, peer).toFixed(2)),
    ]);
    lines.push('', `${titlesOf([our])} divided by each peer:`, '', ...table(['', ...titlesOf(others)], ratios));
  }
  const isJudged = (target) => ours.includes(target.ours) && others.includes(target.peer);
  const judged = mode === 'pinned' ? targets.filter(isJudged) : [];
  if (judged.length > 0) {
    const rows = judged.map((target) => judge(target, results));
    lines.push('', 'Targets:', '', ...table(['divided by the peer', 'target', 'measured', ''], rows));
  }
  return lines;
}

function titlesOf(names) {
  return names.map((name) => createPeer(name).title);
}

function judge({ ours, scenario, peer, limit }, results) {
  const { title, better } = scenarios.find(({ name }) => name === scenario);
  const measured = ratio(results, scenario, ours, peer);
  const isMet = better === 'lower' ? measured <= limit : measured >= limit;
  const bound = `${better === 'lower' ? 'at most' : 'at least'} ${limit.toFixed(2)}`;
  return [`${titlesOf([ours])}: ${title}, ${titlesOf([peer])}`, bound, measured.toFixed(2), isMet ? 'met' : 'missed'];
}

function ratio(results, scenario, ours, peer) {
  return median(results[ours][scenario]) / median(results[peer][scenario]);
}

/** Three significant digits, thousands grouped. */
export function number(value) {
  return Number(value.toPrecision(3)).toLocaleString('en-US');
}

/** A Markdown table with its columns aligned, so that it reads well in a terminal too. */
export function table(header, rows) {
  const widths = header.map((_, column) => Math.max(3, ...[header, ...rows].map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(header), rule, ...rows.map(line)];
}
