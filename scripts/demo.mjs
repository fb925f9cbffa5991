// Runs the demo, building first what is missing: npm run demo
import { buildIfStale } from './build/parts.mjs';
import { run } from './command.mjs';

try {
  await buildIfStale();
  process.exitCode = await run(process.execPath, ['examples/plugin-host/host.mjs']);
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
}
