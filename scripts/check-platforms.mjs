// Builds each target that this machine has tools for, and runs what runs here: npm run check:platforms [-- --only <part of a target>]
// [--suite <part of a suite's name>] [--record] [--release]. What a machine lacks is skipped with its reason. `--record` writes the
// outcome into docs/platforms.md; the rows of other targets and suites stay, so that a run may be done in parts.
import { parseArgs } from 'node:util';
import { buildIfStale } from './build/parts.mjs';
import { checkTarget, problemOf } from './platforms/check-target.mjs';
import { record } from './platforms/record.mjs';
import { platforms } from './platforms/targets.mjs';
import { transpileTests } from './test/transpile.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [''] },
    suite: { type: 'string', multiple: true, default: [''] },
    record: { type: 'boolean' },
    /** Optimized as the published addon is, which takes several times as long. */
    release: { type: 'boolean' },
  },
});

const chosen = platforms.filter(({ triple }) => values.only.some((part) => triple.includes(part)));
if (chosen.length === 0) {
  console.error(`no target contains ${values.only.join(' or ')}: ${platforms.map(({ triple }) => triple).join(', ')}`);
  process.exit(1);
}
// The addon of this machine runs nowhere here.
await buildIfStale({ names: ['types', 'facade'] });
await transpileTests();

const results = [];
for (const platform of chosen) {
  console.log(`\n${'─'.repeat(20)} ${platform.triple}`);
  const result = await checkTarget(platform, {
    wanted: values.suite,
    isOptimized: values.release === true,
    onSuite(suite, soFar) {
      print(suite);
      // A run that ends early has recorded what it did.
      if (values.record === true) record([soFar]);
    },
  });
  results.push(result);
  const isAsked = result.suites.length > 0 || values.suite.includes('');
  if (values.record === true && isAsked) record([result]);
}
console.log(`\n${'─'.repeat(20)} npm run check:platforms`);
for (const { triple, built, loaded, suites } of results) {
  console.log(`${triple}: built ${built.text}; loaded ${loaded.text}`);
  for (const suite of suites) print(suite);
}
const problems = results.map(problemOf).filter((problem) => problem !== undefined);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

function print({ name, passed, total, differences, unexpected }) {
  console.log(`  ${name}: ${passed} of ${total}${differences > 0 ? `, ${differences} as listed` : ''}`);
  for (const title of unexpected) console.log(`    failed: ${title}`);
}
