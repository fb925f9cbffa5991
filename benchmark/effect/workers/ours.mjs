import { layer } from 'isolated-workers/effect/runner';
import { serveOver } from '../procedures.mjs';

serveOver(layer);
