// What `npm test` leaves out, which continuous integration runs after it: npm run test:all [-- --only <step> …] [--skip <step> …]
import { remainingSteps } from './test/steps.mjs';
import { runSteps } from './test/run-steps.mjs';

process.exitCode = await runSteps('npm run test:all', remainingSteps);
