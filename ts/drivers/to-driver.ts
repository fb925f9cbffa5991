import { driverFailed } from '../errors/driver-errors.js';
import { invalidOption } from '../errors/worker-error.js';
import type { Driver, DriverEnd } from '../types/driver.js';

/** The driver of the option: an instance, or its class. */
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

/** Checks one end of a connection that a driver has made. */
export function checkEnd(driver: Driver, maker: string, end: unknown): asserts end is DriverEnd {
  for (const name of ['send', 'onMessage', 'onError', 'onClose', 'close'] as const) {
    if (typeof (end as Partial<DriverEnd> | null | undefined)?.[name] === 'function') continue;
    const cause = new TypeError(`its ${maker}() must return a channel, and the returned object has no ${name}()`);
    throw driverFailed(driver.name, 'is invalid', cause);
  }
}

/** A driver that makes its own channels must have the methods that its capabilities declare. */
export function checkReconnects(driver: Driver): void {
  if (driver.capabilities.reconnect !== true) return;
  for (const name of ['disconnect', 'reconnect'] as const) {
    if (typeof driver[name] === 'function') continue;
    const cause = new TypeError(`its capabilities declare that it can reconnect, but it has no ${name}()`);
    throw driverFailed(driver.name, 'is invalid', cause);
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
