// Runs the JavaScript tests: node scripts/test-js.mjs [part of a file name …] [--title <pattern>] [--engine uv|tokio]
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './command.mjs';
import { transpileTests } from './test/transpile.mjs';

// The last resort against a file whose event loop is blocked; the watchdog in the file is far quicker and names the test.
const fileLimit = 300_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { title: { type: 'string' }, engine: { type: 'string' } },
});

const all = await transpileTests();
const files = all.filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)));
if (files.length === 0) {
  console.error(
    `no spec file${all.length === 0 ? '' : ` matches ${positionals.join(', ')}`}: looked for __test__/**/*.spec.mts`,
  );
  process.exit(1);
}

cleanEnvironment();
if (values.engine !== undefined) process.env.ISOLATED_WORKERS_ENGINE = values.engine;

const events = run({
  files: files.map((file) => path.join(root, file)),
  concurrency: 2,
  timeout: fileLimit,
  testNamePatterns: values.title,
});
events.on('test:fail', () => {
  process.exitCode = 1;
});
events.compose(new spec()).pipe(process.stdout);

/** Takes out what would reach the tests' workers and change what they do from one machine to the next. */
function cleanEnvironment() {
  const unwanted = /^(NODE_OPTIONS|NODE_PATH|NODE_TEST_CONTEXT|NODE_V8_COVERAGE|INIT_CWD|npm_.*|ISOLATED_WORKERS_.*)$/;
  for (const name of Object.keys(process.env)) if (unwanted.test(name)) delete process.env[name];
}
