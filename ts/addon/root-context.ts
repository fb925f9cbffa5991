import type * as AsyncHooks from 'node:async_hooks';
import { isMainThread } from '../util/is-main-thread.js';

import { CHANNEL_VARIABLE } from './env-variables.js';

let root: AsyncHooks.AsyncResource | undefined;

/**
 * Keeps the asynchronous context of this moment, which is where the library is loaded: mostly that of no request. A worker
 * keeps that of the first worker that it starts itself: its own start is not to wait for this.
 */
function keepRootContext(): AsyncHooks.AsyncResource {
  // Loaded here: a worker's start does without it.
  const { AsyncResource } = require('node:async_hooks') as typeof AsyncHooks;
  // Test runners that look for open handles leave those of this type alone: this one keeps nothing alive.
  return (root ??= new AsyncResource('PROMISE'));
}

if (isMainThread && process.env[CHANNEL_VARIABLE] === undefined) keepRootContext();

/**
 * Runs something in that context: what a worker asks its host belongs neither to who has started the worker nor to whose request
 * happens to be handled.
 */
export function inRootContext(act: () => void): void {
  keepRootContext().runInAsyncScope(act);
}
