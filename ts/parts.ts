// The files of the bundle that are loaded where they are needed, and at once: the start of a worker waits for what it has
// loaded. A file more is a tenth of a millisecond, code that nobody runs more than that for each ten thousand characters.

import type * as ChecksPart from './checks.js';
import type * as CustomPart from './custom.js';
import type * as HostPart from './host.js';
import type * as ProcessPart from './process.js';
import type * as StreamsPart from './streams.js';
import type * as StructuredPart from './structured.js';

/** For who starts workers. */
export function hostPart(): typeof HostPart {
  return require('./host.cjs') as typeof HostPart;
}

/** For a worker in a process, and for serializers and middleware. */
export function processPart(): typeof ProcessPart {
  return require('./process.cjs') as typeof ProcessPart;
}

/** For streams, and for what a worker asks its host. */
export function streamsPart(): typeof StreamsPart {
  return require('./streams.cjs') as typeof StreamsPart;
}

/** For drivers of the user's own. */
export function customPart(): typeof CustomPart {
  return require('./custom.cjs') as typeof CustomPart;
}

/** For messages with validators. */
export function checksPart(): typeof ChecksPart {
  return require('./checks.cjs') as typeof ChecksPart;
}

/** For the serializer `'structured'`, and for payloads that are encoded once. */
export function structuredPart(): typeof StructuredPart {
  return require('./structured.cjs') as typeof StructuredPart;
}
