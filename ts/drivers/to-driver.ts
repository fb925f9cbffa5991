import { driverFailed } from '../driver-errors.js';
import { invalidOption } from '../errors.js';
import type { Driver, DriverEnd } from '../types/driver.js';

/** The driver that was given: an instance, or its class. */
export function toDriver(option: unknown): Driver {
  const driver = (typeof option === 'function' ? create(option) : option) as Partial<Driver> | null;
  if (typeof driver !== 'object' || driver === null || typeof driver.spawn !== 'function') throw notADriver(option);
  const { name, capabilities } = driver;
  if (typeof name !== 'string' || name === '') throw invalidOption('driver.name', 'a non-empty string', name);
  if (typeof capabilities !== 'object' || capabilities === null) {
    throw invalidOption('driver.capabilities', 'an object', capabilities);
  }
  return driver as Driver;
}

/** What a driver has made of one end of a connection. */
export function checkEnd(driver: Driver, maker: string, end: unknown): asserts end is DriverEnd {
  for (const name of ['send', 'onMessage', 'onError', 'onClose', 'close'] as const) {
    if (typeof (end as Partial<DriverEnd> | null | undefined)?.[name] === 'function') continue;
    const cause = new TypeError(`its ${maker}() must give a channel, and what it gave has no ${name}()`);
    throw driverFailed(driver.name, 'is of no use', cause);
  }
}

/** A driver that makes channels of its own has to have what its capabilities say. */
export function checkReconnects(driver: Driver): void {
  if (driver.capabilities.reconnect !== true) return;
  for (const name of ['disconnect', 'reconnect'] as const) {
    if (typeof driver[name] === 'function') continue;
    const cause = new TypeError(`its capabilities say that it can reconnect, and it has no ${name}()`);
    throw driverFailed(driver.name, 'is of no use', cause);
  }
}

function create(option: object): unknown {
  try {
    return new (option as new () => unknown)();
  } catch {
    throw notADriver(option);
  }
}

function notADriver(option: unknown): Error {
  return invalidOption('driver', 'a driver: an object with a spawn method, or its class', option);
}
