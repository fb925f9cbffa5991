// Builds what is stale and runs every check once: npm test [-- --only <step> …] [--skip <step> …] [--debug]
import { steps } from './test/steps.mjs';
import { runSteps } from './test/run-steps.mjs';

process.exitCode = await runSteps('npm test', steps);
