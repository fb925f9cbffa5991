// A worker of the documented runner.
import * as Effect from 'effect/Effect';
import { layer } from 'isolated-workers/effect/runner';

import { serve, started } from './runner.mjs';

Effect.runFork(Effect.flatMap(started, (runner) => serve(runner as never)).pipe(Effect.provide(layer)));
