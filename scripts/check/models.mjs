// The models of the places where threads meet: seconds, once they are built.
import { run } from '../command.mjs';

/** Runs them; resolves with the exit code. */
export function models() {
  const env = { ...process.env, CARGO_TARGET_DIR: 'target/models' };
  return run('cargo', ['test', '--release', '--manifest-path', 'models/Cargo.toml', '--lib'], { env });
}
