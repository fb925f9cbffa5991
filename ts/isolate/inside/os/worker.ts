// `Worker` of the module `os`, as a worker sees it.
import { bridge } from '../bridge.js';
import { parent } from './parent.js';

export class Worker {
  /** The end of the connection to the host. */
  static readonly parent = parent;
  /** What the host has given. */
  static readonly initialData = (bridge.data as { readonly initialData?: unknown }).initialData;

  constructor() {
    throw new TypeError(
      'a worker cannot start a worker: `new Worker` is for the host. Ask the host with Worker.parent.postMessage().',
    );
  }
}
