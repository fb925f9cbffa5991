// Writes ts/protocol/generated.ts and native-code.ts: the numbers, names and codes of the Rust crate that the facade uses too.
import { run } from './command.mjs';

process.exitCode = await run('cargo', ['test', '--test', 'generated'], { env: { ...process.env, GENERATE: '1' } });
