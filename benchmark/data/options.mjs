// The command line of the benchmark of data.
import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.mjs';

/** What is measured besides the scenarios, each in processes of its own. */
const others = ['delay', 'memory'];
const all = [...scenarios.map(({ name }) => name), ...others];

const usage = `npm run bench:data [-- <options>]
  --only <parts>   comma-separated: ${all.join(', ')}
  --pinned         only with host and workers on one CPU
  --free           only with host and workers wherever the system puts them
  --rounds <n>     how often everything is measured, in turns (default 7, at least 1; the delay at most 3 times)
  --current        only this Node, not the newest beside it
  --json           prints the figures as JSON
  --quick          1 round of a tenth of the work: to see that everything runs, not to quote`;

/** Reads the options; throws with the usage when they make no sense. */
export function readOptions(args = process.argv.slice(2)) {
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      pinned: flag,
      free: flag,
      current: flag,
      json: flag,
      quick: flag,
    },
  });
  const parts = values.only?.split(',') ?? all;
  const unknown = parts.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`there is no part "${unknown}"\n${usage}`);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 7));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is no count\n${usage}`);
  const modes = values.pinned === values.free ? ['pinned', 'free'] : [values.pinned ? 'pinned' : 'free'];
  return {
    parts,
    rounds,
    modes,
    scale: values.quick ? 0.1 : 1,
    isCurrentOnly: values.current,
    isJson: values.json,
    // Only such a run may replace the committed results.
    isComplete: parts.length === all.length && modes.length === 2 && !values.current && !values.quick && rounds >= 5,
  };
}
