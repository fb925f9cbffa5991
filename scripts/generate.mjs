// Writes ts/protocol/generated.ts and native-code.ts: the numbers, names and codes of the Rust crate that the facade uses too; and
// ts/isolate/generated.ts: those of the crate of isolates.
import { run } from './command.mjs';

const options = { env: { ...process.env, GENERATE: '1' } };
process.exitCode =
  (await run('cargo', ['test', '--test', 'generated'], options)) ||
  (await run('cargo', ['test', '-p', 'isolated-workers-isolate', '--test', 'generated'], options));
