// The command line of a benchmark that has modes and rounds alone.
import { parseArgs } from 'node:util';

/** Reads `--pinned`, `--free`, `--rounds <n>` (default 7) and `--quick`, a tenth of the work. */
export function readModeOptions(args = process.argv.slice(2)) {
  const { values } = parseArgs({
    args,
    options: {
      pinned: { type: 'boolean' },
      free: { type: 'boolean' },
      rounds: { type: 'string', default: '7' },
      quick: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is no count`);
  const modes = values.pinned === values.free ? ['pinned', 'free'] : [values.pinned ? 'pinned' : 'free'];
  return {
    rounds,
    modes,
    scale: values.quick ? 0.1 : 1,
    // Only such a run may replace the committed results.
    isComplete: modes.length === 2 && !values.quick && rounds >= 5,
  };
}
