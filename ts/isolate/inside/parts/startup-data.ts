// In place of ts/codecs/startup-data.ts: loads it where there are start-up data.
import type * as Codecs from '../later/codecs.js';
import { loadPart } from '../load-part.js';

export const decodeStartupData: typeof Codecs.decodeStartupData = (text) =>
  text === undefined || text === null ? undefined : (loadPart('codecs') as typeof Codecs).decodeStartupData(text);
