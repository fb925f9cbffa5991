// Writes ts/protocol/generated.ts, which has the numbers and names of the Rust crate that the facade uses too.
import { run } from './command.mjs';

process.exitCode = await run('cargo', ['test', '--test', 'generated'], { env: { ...process.env, GENERATE: '1' } });
