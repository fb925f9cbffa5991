// Builds the documentation site and looks at it in a browser: npm run check:docs [-- --only <step>]
import { browse } from './docs/browse.mjs';
import { buildSite } from './docs/site.mjs';
import { runSteps } from './test/run-steps.mjs';

process.exitCode = await runSteps('npm run check:docs', [
  { name: 'site', commands: [buildSite] },
  { name: 'browser', commands: [browse] },
]);
