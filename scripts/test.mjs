// Builds what is stale and runs every check: npm test [-- --only <step> …] [--skip <step> …] [--debug]
// A step is named by its start, so `--only js` runs the JavaScript tests on both engines.
import { parseArgs } from 'node:util';
import { buildIfStale } from './build/parts.mjs';
import { steps } from './test/steps.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    skip: { type: 'string', multiple: true, default: [] },
    debug: { type: 'boolean' },
  },
});

const chosen = steps.filter(({ name }) => {
  const isNamed = (starts) => starts.some((start) => name.startsWith(start));
  return (values.only.length === 0 || isNamed(values.only)) && !isNamed(values.skip);
});
const unknown = [...values.only, ...values.skip].find((start) => !steps.some(({ name }) => name.startsWith(start)));
if (unknown !== undefined || chosen.length === 0) {
  console.error(`no step ${unknown ?? 'is left'}; the steps are ${steps.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}

const results = [];
const isBuilt = chosen.some((step) => step.needsBuild) ? await runStep('build', buildStep) : true;
for (const step of chosen) {
  if (step.needsBuild && !isBuilt) results.push({ name: step.name, outcome: 'not run, there is no build' });
  else await runStep(step.name, () => runCommands(step.commands));
}

console.log(`\n${'─'.repeat(20)} npm test`);
for (const { name, outcome, seconds } of results) {
  const time = seconds === undefined ? '' : `${seconds.toFixed(1)} s`;
  console.log(`${outcome === 'passed' ? '✔' : '✘'} ${name.padEnd(12)} ${outcome.padEnd(7)} ${time}`.trimEnd());
}
const failed = results.filter(({ outcome }) => outcome !== 'passed').map(({ name }) => name);
console.log(failed.length === 0 ? `all ${results.length} steps passed` : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Runs one step to its end and notes its outcome; never throws, so that one failure does not hide the others. */
async function runStep(name, action) {
  console.log(`\n${'─'.repeat(20)} ${name}`);
  const started = performance.now();
  const passed = await action().catch((error) => {
    console.error(error.message);
    return false;
  });
  results.push({ name, outcome: passed ? 'passed' : 'failed', seconds: (performance.now() - started) / 1000 });
  return passed;
}

async function buildStep() {
  await buildIfStale({ profile: values.debug ? 'debug' : 'release' });
  return true;
}

async function runCommands(commands) {
  for (const command of commands) {
    if ((await command()) !== 0) return false;
  }
  return true;
}
