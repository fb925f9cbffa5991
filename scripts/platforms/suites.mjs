// The suites that run in the runtimes of a target, and their results.
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { cargo, folder } from './cargo.mjs';
import { differenceOf } from './differences.mjs';

/** An emulated system is slow; a spec file has a watchdog of its own. */
const LIMIT = 1_800_000;
const DRIVERS = ['ChildProcessDriver', 'WorkerThreadsDriver', 'InProcessDriver'];

/** The suites of a target in the order in which they run; `run` resolves with the result of one. */
export function suitesOf(platform, runtimes, options) {
  const { rustTests, specs, specsOfFirst = [] } = platform;
  const named = (runtime, suite, run) => ({ runtime, suite, name: `${suite}, ${runtime}`, run });
  const ofSpec = (spec, runtime) => named(runtime.name, spec, () => runSpec(runtime, spec));
  const ofDriver = (driver, runtime) => {
    return named(runtime.name, `conformance of ${driver}`, () => runConformance(runtime, driver));
  };
  return [
    ...rustTests.map((args) => {
      return named('without Node', `cargo test ${args.join(' ')}`, () => {
        return runRustTests(platform, runtimes[0], args, options);
      });
    }),
    ...runtimes.flatMap((runtime) => [
      ...DRIVERS.map((driver) => ofDriver(driver, runtime)),
      ...specs.map((spec) => ofSpec(spec, runtime)),
    ]),
    ...specsOfFirst.map((spec) => ofSpec(spec, runtimes[0])),
  ];
}

/** Runs the conformance suite on a driver of the package. */
async function runConformance(runtime, driver) {
  const results = outputFile(runtime, `conformance-${driver}.jsonl`);
  writeFileSync(results, '');
  const output = outputFile(runtime, `conformance-${driver}.txt`);
  const program = path.join(root, 'scripts/platforms/conformance.mjs');
  const code = await runProgram(runtime, [program, runtime.fileOf(results), `${driver}: `], output);
  const lines = readFileSync(results, 'utf8').split('\n').filter(Boolean);
  const tests = lines.map((line) => JSON.parse(line)).map(({ name: title, ok }) => ({ title, ok }));
  return summary(tests, {
    runtime,
    suite: 'conformance',
    end: code === 0 ? undefined : `it ended with the code ${code}`,
  });
}

/** Where a suite writes; two targets may run at once. */
function outputFile({ name }, file) {
  const place = path.join(folder, 'output', name.replaceAll(' ', '-'));
  mkdirSync(place, { recursive: true });
  return path.join(place, file);
}

/** Runs a spec file. */
async function runSpec(runtime, spec) {
  const output = outputFile(runtime, `${spec.replaceAll('/', '-')}.tap`);
  await runProgram(runtime, ['--test-reporter=tap', path.join(root, `test-dist/${spec}.spec.mjs`)], output);
  const text = readFileSync(output, 'utf8');
  const end = /^# tests \d+/m.test(text) ? undefined : 'it ended before its last test';
  return summary(testsOf(text), { runtime, suite: spec, end });
}

/** Runs tests of the crate that need no Node. */
async function runRustTests(platform, { emulator = '', env: { WINEPREFIX } }, args, options) {
  const output = path.join(folder, `cargo-test-${platform.triple}.txt`);
  const script = path.join(folder, `runner-${platform.triple}`);
  // Wine accepts no pipe as a standard stream.
  writeFileSync(script, `#!/bin/sh\nexec ${emulator} "$@" </dev/null >>${JSON.stringify(output)} 2>&1\n`);
  chmodSync(script, 0o755);
  writeFileSync(output, '');
  const runner = `CARGO_TARGET_${platform.triple.toUpperCase().replaceAll('-', '_')}_RUNNER`;
  const env = { ...platform.env, [runner]: script };
  if (WINEPREFIX !== undefined) Object.assign(env, { WINEPREFIX, WINEDEBUG: '-all', DISPLAY: '' });
  const code = await cargo({ ...platform, env }, 'test', ['--no-fail-fast', ...args], options);
  const lines = readFileSync(output, 'utf8').matchAll(/^test (.+?) \.\.\. (.*\n)*?.*?(ok|FAILED)$/gm);
  const tests = [...lines].map(([, title, , end]) => ({ title, ok: end === 'ok' }));
  const isTold = code === 0 || tests.some(({ ok }) => !ok);
  return summary(tests, { suite: 'rust', end: isTold ? undefined : `cargo ended with ${code}` });
}

/** `end`: why a suite ended before all its tests had. */
function summary(tests, { runtime, suite, end }) {
  const failed = tests.filter(({ ok }) => !ok).map(({ title }) => title);
  const unexpected = failed.filter(
    (title) => runtime === undefined || differenceOf(runtime, suite, title) === undefined,
  );
  const differences = failed.length - unexpected.length;
  if (end !== undefined) unexpected.push(end);
  return { passed: tests.length - failed.length, total: tests.length, differences, unexpected };
}

/** The tests in what the reporter `tap` writes, without the suites around them. */
function testsOf(text) {
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, index) => {
    const [, not, title] = /^\s*(not )?ok \d+ - (.*?)(?: # .*)?$/.exec(line) ?? [];
    if (title === undefined || /# SKIP/.test(line)) return [];
    const details = lines.slice(index, index + 5).join('\n');
    return /type: 'suite'/.test(details) ? [] : [{ title, ok: not === undefined }];
  });
}

/** Runs a program of Node with its standard streams in a file; resolves with its exit code when it has ended. */
function runProgram({ command: [program, ...first], env }, args, output) {
  const file = openSync(output, 'w');
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env, stdio: ['ignore', file, file], timeout: LIMIT };
    const child = spawn(program, [...first, ...args], options);
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal));
  }).finally(() => closeSync(file));
}
