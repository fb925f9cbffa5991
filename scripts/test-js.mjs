// Runs the JavaScript tests: node scripts/test-js.mjs [part of a path …] [--title <pattern>] [--engine uv|tokio]
// `--rounds all` repeats what can be repeated as often as `npm run test:all` does, `--long` runs the long files, too; with
// `--only-repeated` nothing but these runs. `--only-engine` leaves out the folders in which no I/O engine makes a difference.
// `--concurrency` is the number of files that run at once, 2 by default.
//
// Continuous integration runs a failed file once more, alone. One that passes then does not fail the run, but the last lines name
// it: it is a bug to find, in the test or in the library.
import { readFileSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './command.mjs';
import { longestFiles, longFiles, withoutEngine } from './test/long-files.mjs';
import { transpileTests } from './test/transpile.mjs';

// The last resort against a file whose event loop is blocked; the watchdog in the file is far quicker and names the test.
const fileLimit = 300_000;
/** So many files are listed with the time they took. */
const MOST_TIMES = 30;
/** With more failed files, the reason is no rare timing. */
const MOST_REPEATED = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    title: { type: 'string' },
    engine: { type: 'string' },
    rounds: { type: 'string' },
    'only-repeated': { type: 'boolean' },
    long: { type: 'boolean' },
    'only-engine': { type: 'boolean' },
    concurrency: { type: 'string', default: '2' },
  },
});

const all = await transpileTests();
const files = all.filter((file) => {
  if (positionals.length === 0 && longestFiles.has(nameOf(file))) return false;
  if (positionals.length > 0 && !positionals.some((part) => sourceOf(file).includes(part))) return false;
  if (values['only-engine'] && withoutEngine.some((folder) => nameOf(file).startsWith(folder))) return false;
  if (values['only-repeated']) return isRepeated(file) || isLong(file);
  return positionals.length > 0 || values.long === true || !isLong(file);
});
if (files.length === 0) {
  console.error(
    `no spec file${all.length === 0 ? '' : ` matches ${positionals.join(', ')}`}: looked for __test__/**/*.spec.mts`,
  );
  process.exit(1);
}

cleanEnvironment();
// A transition between states of a worker that must not be fails its test.
process.env.ISOLATED_WORKERS_ASSERT = '1';
if (values.engine !== undefined) process.env.ISOLATED_WORKERS_ENGINE = values.engine;
if (values.rounds !== undefined) process.env.TEST_ROUNDS = values.rounds;

const failed = await runFiles(
  files.map((file) => path.join(root, file)),
  Number(values.concurrency),
);
let failing = failed;
if (process.env.CI !== undefined && failed.size > 0 && failed.size <= MOST_REPEATED) {
  console.log(`running again, alone: ${listOf(failed)}`);
  failing = await runFiles([...failed], 1);
  const flaky = [...failed].filter((file) => !failing.has(file));
  if (flaky.length > 0) console.log(`FLAKY: failed among others and passed alone: ${listOf(flaky)}`);
}
if (failing.size > 0) process.exitCode = 1;

/** Runs spec files and prints their results; resolves with the files of failed tests. */
async function runFiles(paths, concurrency) {
  const events = run({ files: paths, concurrency, timeout: fileLimit, testNamePatterns: values.title });
  const failures = new Set();
  const times = new Map();
  for (const name of ['test:pass', 'test:fail']) {
    events.on(name, ({ file, nesting, details }) => {
      if (nesting === 0 && file !== undefined) times.set(file, (times.get(file) ?? 0) + details.duration_ms);
    });
  }
  // A failure without a known file is one of all files.
  events.on('test:fail', ({ file, name }) => {
    const specs = [file, path.resolve(root, name)].map((each) => each && sourceOf(path.relative(root, each)));
    const known = paths.find((each) => specs.includes(sourceOf(path.relative(root, each))));
    for (const each of known === undefined ? paths : [known]) failures.add(each);
  });
  const ended = new Promise((resolve) => events.once('end', resolve));
  events.compose(new spec()).pipe(process.stdout, { end: false });
  await ended;
  const slowest = [...times].toSorted(([, one], [, other]) => other - one).slice(0, MOST_TIMES);
  console.log('the slowest files, in seconds:');
  for (const [file, millis] of slowest)
    console.log(`${(millis / 1000).toFixed(1).padStart(7)}  ${sourceOf(path.relative(root, file))}`);
  return failures;
}

function listOf(paths) {
  return [...paths].map((file) => sourceOf(path.relative(root, file))).join(', ');
}

/** The path of a spec in the repository, from the path of what runs. */
function sourceOf(file) {
  return file.replaceAll(path.sep, '/').replace(/^test-dist\/(.*?)(\.body)?\.mjs$/, '__test__/$1.mts');
}

/** The path of a spec in `__test__/`, without its extension. */
function nameOf(file) {
  return sourceOf(file).replace(/^__test__\/(.*)\.spec\.mts$/, '$1');
}

/** Whether `npm test` leaves it to `npm run test:all`. */
function isLong(file) {
  return longFiles.has(nameOf(file));
}

/** Whether a spec does more with all rounds than with few. */
function isRepeated(file) {
  return readFileSync(path.join(root, sourceOf(file)), 'utf8').includes('fixtures/rounds.mjs');
}

/** Takes out what would reach the tests' workers and change what they do from one machine to the next. */
function cleanEnvironment() {
  const unwanted =
    /^(NODE_OPTIONS|NODE_PATH|NODE_TEST_CONTEXT|NODE_V8_COVERAGE|INIT_CWD|npm_.*|TEST_ROUNDS|ISOLATED_WORKERS_.*)$/;
  for (const name of Object.keys(process.env)) if (unwanted.test(name)) delete process.env[name];
}
