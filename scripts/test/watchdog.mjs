// Imported first by every spec file. Ends the file when a test hangs or when something keeps the process alive after
// the last test, and says which. The runner's own timeout covers only whole files and names no test.
import { writeSync } from 'node:fs';
import { afterEach, beforeEach } from 'node:test';

// Among what `npm run test:all` adds are tests that start very many workers.
const testLimit = process.env.TEST_ROUNDS === 'all' ? 240_000 : 60_000;
const idleLimit = 30_000;

// Failures name lines of the .mts source. Set here and not by a flag, which forked workers would inherit.
process.setSourceMapsEnabled(true);

const timers = new Map();
let idle;

beforeEach(({ fullName }) => {
  clearTimeout(idle);
  timers.set(
    fullName,
    after(testLimit, () => giveUp(`"${fullName}" has not ended after ${testLimit / 1000} s`)),
  );
});

afterEach(({ fullName }) => {
  clearTimeout(timers.get(fullName));
  timers.delete(fullName);
  clearTimeout(idle);
  if (timers.size > 0) return;
  idle = after(idleLimit, () => giveUp(`the process lives on ${idleLimit / 1000} s after the last test`));
});

/** A timer that keeps nothing alive itself, so that a file without a fault ends as it would without it. */
function after(limit, action) {
  return setTimeout(action, limit).unref();
}

function giveUp(reason) {
  const resources = process.getActiveResourcesInfo().join(', ') || 'nothing';
  writeSync(2, `watchdog: ${reason}; active: ${resources}\n`);
  process.exit(1);
}
