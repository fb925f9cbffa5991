// Checks that take minutes and tools of their own: npm run check:deep [-- --only <step> …] [--skip <step> …] [--seconds 60] [--record]
// `--seconds` is the time for each fuzz target; `--record` writes the outcome into docs/security.md.
import { record } from './check/record.mjs';
import { steps } from './check/steps.mjs';
import { runSteps } from './test/run-steps.mjs';

process.exitCode = await runSteps('npm run check:deep', steps, {
  options: { seconds: { type: 'string', default: '60' }, record: { type: 'boolean' } },
  onResults: (results, values) => {
    if (values.record) record(results, values);
  },
});
