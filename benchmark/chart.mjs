// Draws the chart of the README from results/latest.json, for light and for dark pages: node benchmark/chart.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median } from './report.mjs';

const SCENARIO = 'throughput-64';
const bars = [
  { peer: 'ours-threads', title: 'isolated-workers, thread', isOurs: true },
  { peer: 'ours-structured', title: 'isolated-workers, process', isOurs: true },
  { peer: 'postMessage', title: 'worker_threads, postMessage' },
  { peer: 'fork-json', title: 'child_process.fork, JSON' },
  { peer: 'fork-advanced', title: 'child_process.fork, advanced' },
];

export const themes = {
  light: { text: '#1f2328', muted: '#59636e', ours: '#0969da', other: '#afb8c1' },
  dark: { text: '#f0f6fc', muted: '#9198a1', ours: '#4493f8', other: '#656c76' },
};

const ROW = 30;
const LEFT = 210;
const WIDEST = 380;
const TOP = 34;

/** The chart as SVG. Its rows are in the order of `bars`, and their lengths in proportion to the medians. */
export function chart({ modes, machine }, { text, muted, ours, other }) {
  const { results } = modes.find(({ mode }) => mode === 'free');
  const values = bars.map(({ peer }) => median(results[peer][SCENARIO]));
  const scale = WIDEST / Math.max(...values);
  const height = TOP + bars.length * ROW + 26;
  const rows = bars.map(({ title, isOurs }, index) => {
    const y = TOP + index * ROW;
    const width = Math.round(values[index] * scale);
    return [
      `  <text x="${LEFT - 10}" y="${y + 15}" text-anchor="end" fill="${text}">${title}</text>`,
      `  <rect x="${LEFT}" y="${y}" width="${width}" height="20" rx="2" fill="${isOurs ? ours : other}"/>`,
      `  <text x="${LEFT + width + 8}" y="${y + 15}" fill="${text}">${rounded(values[index])}</text>`,
    ].join('\n');
  });
  const note = `Node ${machine.node.slice(1)}, ${machine.platform}, ${machine.cores} cores; benchmark/README.md says how it was measured`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 ${height}" width="680" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="Round trips per second with 64 requests in flight">`,
    `  <text x="${LEFT}" y="18" fill="${text}" font-weight="600">Round trips per second, 64 in flight (more is better)</text>`,
    ...rows,
    `  <text x="${LEFT}" y="${height - 8}" fill="${muted}" font-size="11">${note}</text>`,
    '</svg>\n',
  ].join('\n');
}

/** Draws the charts of a report into the folder of the results. */
export function drawCharts(report) {
  for (const [theme, colours] of Object.entries(themes)) {
    writeFileSync(new URL(`results/chart-${theme}.svg`, import.meta.url), chart(report, colours));
  }
}

const rounded = (value) => (Math.round(value / 1000) * 1000).toLocaleString('en');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  drawCharts(JSON.parse(readFileSync(new URL('results/latest.json', import.meta.url), 'utf8')));
}
