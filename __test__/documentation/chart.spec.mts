// The charts of the README: drawn from the figures of the last full run.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (file: string) => readFileSync(new URL(`../../benchmark/${file}`, import.meta.url), 'utf8');

// Without types: it is a script.
const { chart, themes } = (await import(new URL('../../benchmark/chart.mjs', import.meta.url).href)) as {
  chart: (report: unknown, colours: unknown) => string;
  themes: Record<string, unknown>;
};

for (const [theme, colours] of Object.entries(themes)) {
  test(`benchmark/results/chart-${theme}.svg shows the figures of latest.json`, () => {
    assert.equal(read(`results/chart-${theme}.svg`), chart(JSON.parse(read('results/latest.json')), colours));
  });
}
