// Builds the package: node scripts/build.mjs [native] [types] [facade] [--debug] [--if-stale]
// Without names it builds every part; --if-stale builds only what is missing or out of date.
import { parseArgs } from 'node:util';
import { build, buildIfStale } from './build/parts.mjs';

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { debug: { type: 'boolean' }, 'if-stale': { type: 'boolean' } },
  });
  const profile = values.debug ? 'debug' : 'release';
  await (values['if-stale'] ? buildIfStale({ profile }) : build({ names: positionals, profile }));
} catch (error) {
  console.error(`build failed: ${error.message}`);
  process.exitCode = 1;
}
