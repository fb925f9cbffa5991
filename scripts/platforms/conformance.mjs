// Runs the conformance suite on the drivers of the built package, in whatever runtime runs this file:
// node scripts/platforms/conformance.mjs <file for the results> [part of a driver's or case's name]
import { appendFileSync, writeFileSync } from 'node:fs';
import { ChildProcessDriver, InProcessDriver, WorkerThreadsDriver } from '../../dist/index.mjs';
import { conformanceCases } from '../../dist/conformance/index.mjs';

/** An emulated system is slow: a case that takes longer hangs. */
const LIMIT = 120_000;
const timeout = LIMIT - 10_000;
/** How many cases run at once. */
const LANES = 2;

const [results, wanted = ''] = process.argv.slice(2);
const suites = {
  ChildProcessDriver: { driver: ChildProcessDriver },
  WorkerThreadsDriver: { driver: new WorkerThreadsDriver() },
  InProcessDriver: { driver: InProcessDriver, endsAlone: false },
};
const cases = Object.entries(suites).flatMap(([driver, options]) =>
  conformanceCases({ ...options, timeout }).map(({ name, run }) => ({ name: `${driver}: ${name}`, run })),
);

writeFileSync(results, '');
const waiting = cases.filter(({ name }) => name.includes(wanted));
await Promise.all(Array.from({ length: LANES }, runLane));
process.exit();

async function runLane() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const error = await outcomeOf(next.run);
    appendFileSync(results, `${JSON.stringify({ name: next.name, ok: error === undefined, error })}\n`);
  }
}

/** `undefined`, or the text of the error. */
async function outcomeOf(run) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it has not ended after ${LIMIT / 1000} s`)), LIMIT);
  });
  try {
    await Promise.race([run(), late]);
    return undefined;
  } catch (error) {
    return String(error?.stack ?? error);
  } finally {
    clearTimeout(timer);
  }
}
