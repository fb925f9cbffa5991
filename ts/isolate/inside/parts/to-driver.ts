// In place of ts/drivers/to-driver.ts: loads it where a script names a driver.
import type * as Later from '../later/codecs.js';
import { loadPart } from '../load-part.js';

export const toDriver: typeof Later.toDriver = (option) => (loadPart('codecs') as typeof Later).toDriver(option);
