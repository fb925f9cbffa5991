// Runs a list of steps and tells how each ended. A step is named by its start, so `--only js` chooses all JavaScript tests.
import { parseArgs } from 'node:util';
import { buildIfStale } from '../build/parts.mjs';
import { captured, print } from '../command.mjs';

/**
 * Builds what is stale and runs the steps that the command line chooses; resolves with the exit code. Each command of a step
 * gets the values of the command line's options, `options` among them; `onResults` gets the outcome of each step.
 *
 * Two sequences of steps run first, at the same time: the steps with `isParallel` that need no build, and the build with the
 * steps with `isParallel` that need it. Each prints its output when it has ended. All other steps run one after another.
 */
export async function runSteps(command, steps, { options = {}, onResults = () => {} } = {}) {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      skip: { type: 'string', multiple: true, default: [] },
      debug: { type: 'boolean' },
      ...options,
    },
  });
  const isNamed = ({ name }, starts) => starts.some((start) => name.startsWith(start));
  const chosen = steps.filter((step) => {
    return (values.only.length === 0 || isNamed(step, values.only)) && !isNamed(step, values.skip);
  });
  const unknown = [...values.only, ...values.skip].find((start) => !steps.some((step) => isNamed(step, [start])));
  if (unknown !== undefined || chosen.length === 0) {
    console.error(`no step ${unknown ?? 'is left'}; the steps are ${steps.map(({ name }) => name).join(', ')}`);
    return 1;
  }

  const results = await runAll(chosen, values);
  onResults(results, values);
  return report(command, results);
}

/** Runs the build, where a step needs it, and the steps; resolves with their results. */
async function runAll(steps, values) {
  const build = {
    name: 'build',
    commands: [() => buildIfStale({ profile: values.debug ? 'debug' : 'release' }).then(() => 0)],
  };
  const needing = steps.filter((step) => step.needsBuild);
  const beside = steps.filter((step) => step.isParallel && !step.needsBuild);
  const withBuild = needing.length === 0 ? [] : [build, ...needing.filter((step) => step.isParallel)];
  const isSplit = beside.length > 0 && withBuild.length > 0;

  const namesOf = (sequence) => sequence.map(({ name }) => name).join(', ');
  if (isSplit) console.log(`running at the same time: ${namesOf(withBuild)}; and ${namesOf(beside)}`);

  const results = [];
  const runSequence = async (sequence) => {
    for (const step of sequence) {
      const isBuilt = results.every(({ name, outcome }) => name !== build.name || outcome === 'passed');
      if (step.needsBuild && !isBuilt)
        results.push({ name: step.name, outcome: 'not run', reason: 'there is no build' });
      else results.push(await runStep(step, values, isSplit && (step === build || step.isParallel === true)));
    }
  };
  await Promise.all([runSequence(withBuild), runSequence(beside)]);
  await runSequence(steps.filter((step) => !step.isParallel));
  return results;
}

/** Runs one step to its end; never throws, so that one failure does not hide the others. */
async function runStep({ name, commands }, values, isCaptured) {
  const title = `\n${'─'.repeat(20)} ${name}`;
  if (!isCaptured) console.log(title);
  const started = performance.now();
  const run = () =>
    runCommands(commands, values).catch((error) => {
      print(error.message);
      return { outcome: 'failed' };
    });
  const { result, text } = isCaptured ? await captured(run) : { result: await run() };
  if (text !== undefined) process.stdout.write(`${title}\n${text}`);
  return { name, seconds: (performance.now() - started) / 1000, ...result };
}

/** A command gives its exit code, or a text that says why it cannot run here: then the step is skipped. */
async function runCommands(commands, values) {
  for (const command of commands) {
    const result = await command(values);
    if (typeof result === 'string') return { outcome: 'skipped', reason: result };
    if (result !== 0) return { outcome: 'failed' };
  }
  return { outcome: 'passed' };
}

const marks = { passed: '✔', skipped: '﹣' };

function report(command, results) {
  console.log(`\n${'─'.repeat(20)} ${command}`);
  for (const { name, outcome, seconds, reason } of results) {
    const time = seconds === undefined ? '' : `${seconds.toFixed(1)} s`;
    const line = `${marks[outcome] ?? '✘'} ${name.padEnd(12)} ${outcome.padEnd(7)} ${time.padStart(7)}`;
    console.log(`${line}${reason === undefined ? '' : `  ${reason}`}`.trimEnd());
  }
  const failed = results.filter(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped');
  const passed = results.filter(({ outcome }) => outcome === 'passed').length;
  if (failed.length > 0) console.log(`failed: ${failed.map(({ name }) => name).join(', ')}`);
  else console.log(passed === results.length ? `all ${passed} steps passed` : `${passed} of ${results.length} steps passed, the others were skipped`); // prettier-ignore
  return failed.length === 0 ? 0 : 1;
}
