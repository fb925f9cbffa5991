import type { NativeOptions, NativeRequests } from '../../addon/binding.js';
import { findNative } from '../../addon/environment.js';
import type * as Plain from './plain-requests.js';

/** The requests of one connection, and the memory through which `exchange` takes and gives tickets. */
export interface Table {
  readonly requests: NativeRequests;
  readonly records: Int32Array;
  readonly numbers: Float64Array;
}

/** The addon's table; where the addon cannot be loaded, a plain one. */
export function openTable(options: NativeOptions, theirBase: string | undefined): Table {
  const native = findNative();
  if (native !== undefined) {
    const { addon, environment, records, numbers } = native;
    return { requests: new addon.NativeRequests(environment, options, theirBase), records, numbers };
  }
  // A file of its own, which is loaded where it is needed.
  const { PlainRequests, plainNumbers, plainRecords } = require('./plain.cjs') as typeof Plain;
  return { requests: new PlainRequests(options, theirBase), records: plainRecords, numbers: plainNumbers };
}
