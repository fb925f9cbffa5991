// In place of the `require` of Node, by which the library loads its parts.
import { bridge } from './bridge.js';

const loaded = { __proto__: null } as unknown as Record<string, object>;

/** What a part of the library exports. */
export function loadPart(name: string): object {
  return (loaded[name] ??= bridge.part(name));
}
