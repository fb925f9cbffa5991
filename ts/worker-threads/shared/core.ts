// What this needs of the library besides its public API, in files of the main bundle that are loaded where they are first used.
import type * as Clone from '../../codecs/structured/clone.js';
import type * as Host from '../../host/start-worker.js';

export function clone(): typeof Clone {
  return require('../clone.cjs') as typeof Clone;
}

export function host(): typeof Host {
  return require('../host.cjs') as typeof Host;
}
