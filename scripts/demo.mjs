// Runs the demo, building first what is missing: npm run demo [-- <arguments of the demo>]
import { buildIfStale } from './build/parts.mjs';
import { run } from './command.mjs';

try {
  await buildIfStale();
  process.exitCode = await run(process.execPath, ['examples/plugin-host/host.mjs', ...process.argv.slice(2)]);
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
}
