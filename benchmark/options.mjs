// The command line of the benchmark.
import { parseArgs } from 'node:util';
import { peerNames } from './peers/index.mjs';

const usage = `npm run bench [-- <options>]
  --only <peers>   comma-separated: ${peerNames.join(', ')}
  --pinned         only with host and worker on one CPU
  --free           only with host and worker wherever the system puts them
  --rounds <n>     how often every peer is measured, in turns (default 7, at least 1)
  --quick          3 rounds of a tenth of the work: to see that everything runs, not to quote`;

/** Reads the options; throws with the usage when they make no sense. */
export function readOptions(args = process.argv.slice(2)) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      pinned: { type: 'boolean' },
      free: { type: 'boolean' },
      rounds: { type: 'string' },
      quick: { type: 'boolean' },
    },
  });
  const peers = values.only?.split(',') ?? peerNames;
  const unknown = peers.find((name) => !peerNames.includes(name));
  if (unknown !== undefined) throw new Error(`there is no peer "${unknown}"\n${usage}`);
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 7));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is no count\n${usage}`);
  return {
    peers,
    rounds,
    modes: values.pinned === values.free ? ['pinned', 'free'] : [values.pinned ? 'pinned' : 'free'],
    scale: values.quick ? 0.1 : 1,
    // Only such a run may replace the committed results.
    isComplete: peers.length === peerNames.length && !values.quick && rounds >= 5,
  };
}
