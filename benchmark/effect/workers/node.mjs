import { layer } from '@effect/platform-node/NodeWorkerRunner';
import { serveOver } from '../procedures.mjs';

serveOver(layer);
