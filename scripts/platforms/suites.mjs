// The suites that run on an emulated system, and their results.
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { cargo, folder } from './cargo.mjs';
import { differenceOf } from './differences.mjs';

/** An emulated system is slow; a spec file has a watchdog of its own. */
const LIMIT = 1_800_000;

/** Runs the conformance suite on the drivers of the package. */
export async function runConformance(runtime) {
  const results = path.join(folder, 'conformance.jsonl');
  writeFileSync(results, '');
  const output = path.join(folder, 'conformance.txt');
  await runProgram(runtime, [path.join(root, 'scripts/platforms/conformance.mjs'), runtime.fileOf(results)], output);
  const lines = readFileSync(results, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const name = `conformance, ${runtime.name}`;
  return summary(
    name,
    'conformance',
    lines.map(({ name: title, ok }) => ({ title, ok })),
    runtime,
  );
}

/** Runs spec files one after the other; each is a suite. */
export async function runSpecs(runtime, specs) {
  const results = [];
  for (const spec of specs) {
    const output = path.join(folder, `${spec.replaceAll('/', '-')}.tap`);
    await runProgram(runtime, ['--test-reporter=tap', path.join(root, `test-dist/${spec}.spec.mjs`)], output);
    results.push(summary(`${spec}, ${runtime.name}`, spec, testsOf(readFileSync(output, 'utf8')), runtime));
  }
  return results;
}

/** Runs tests of the Rust core that need no Node. */
export async function runRustTests(platform, runtime, options) {
  const name = `cargo test ${platform.rustTests.join(' ')}`;
  const output = path.join(folder, 'cargo-test.txt');
  const script = path.join(folder, 'runner');
  const emulator = runtime.emulator ?? 'wine';
  // Wine accepts no pipe as a standard stream.
  writeFileSync(script, `#!/bin/sh\nexec ${emulator} "$@" </dev/null >>${JSON.stringify(output)} 2>&1\n`);
  chmodSync(script, 0o755);
  writeFileSync(output, '');
  const runner = `CARGO_TARGET_${platform.triple.toUpperCase().replaceAll('-', '_')}_RUNNER`;
  const env = { ...platform.env, [runner]: script };
  if (emulator === 'wine') Object.assign(env, { WINEPREFIX: runtime.env.WINEPREFIX, WINEDEBUG: '-all', DISPLAY: '' });
  await cargo({ ...platform, env }, 'test', platform.rustTests, options);
  const lines = readFileSync(output, 'utf8').matchAll(/^test (.+?) \.\.\. (.*\n)*?.*?(ok|FAILED)$/gm);
  return summary(
    name,
    'rust',
    [...lines].map(([, title, , end]) => ({ title, ok: end === 'ok' })),
    runtime,
  );
}

function summary(name, suite, tests, runtime) {
  const failed = tests.filter(({ ok }) => !ok).map(({ title }) => title);
  const unexpected = failed.filter((title) => differenceOf(runtime, suite, title) === undefined);
  const passed = tests.length - failed.length;
  return { name, passed, total: tests.length, differences: failed.length - unexpected.length, unexpected };
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

/** Runs a program of Node with its standard streams in a file; resolves when it has ended. */
function runProgram({ command: [program, ...first], env }, args, output) {
  mkdirSync(path.dirname(output), { recursive: true });
  const file = openSync(output, 'w');
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env, stdio: ['ignore', file, file], timeout: LIMIT };
    const child = spawn(program, [...first, ...args], options);
    child.once('error', reject);
    child.once('exit', resolve);
  }).finally(() => closeSync(file));
}
