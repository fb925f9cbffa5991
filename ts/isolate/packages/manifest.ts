/** What matters of a package.json. */
export interface Manifest {
  readonly type?: unknown;
  readonly main?: unknown;
  readonly exports?: unknown;
  readonly imports?: unknown;
}

/** The conditions that an isolate fulfils: it is neither Node nor a browser. */
const conditions = new Set(['import', 'default']);

/** The file that a package has for a subpath (`.`, `./a`), relative to its folder; `undefined`: it exports none. */
export function exportOf({ exports, main }: Manifest, subpath: string): string | undefined {
  if (exports === undefined || exports === null) {
    if (subpath !== '.') return subpath;
    return typeof main === 'string' ? main : 'index.js';
  }
  return targetOf(isMap(exports, '.') ? exports : { '.': exports }, subpath);
}

/** What a package means by one of its own names (`#a`): a file of it, or the name of another module. */
export function importOf({ imports }: Manifest, name: string): string | undefined {
  return isMap(imports, '#') ? targetOf(imports, name) : undefined;
}

/** Its keys are subpaths or names, and not conditions. */
function isMap(value: unknown, start: string): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.keys(value).every((key) => key.startsWith(start));
}

/** A whole key counts, and else the pattern with the longest text before its star. */
function targetOf(map: Record<string, unknown>, key: string): string | undefined {
  if (Object.hasOwn(map, key) && !key.includes('*')) return choose(map[key]);
  let best: string | undefined;
  for (const pattern of Object.keys(map)) {
    const [start = '', end] = pattern.split('*');
    const fits = end !== undefined && key.length >= pattern.length && key.startsWith(start) && key.endsWith(end);
    if (fits && (best === undefined || start.length > best.indexOf('*'))) best = pattern;
  }
  if (best === undefined) return undefined;
  const [start = '', end = ''] = best.split('*');
  const middle = key.slice(start.length, key.length - end.length);
  return choose(map[best])?.replaceAll('*', () => middle);
}

/** The first target whose conditions are fulfilled. */
function choose(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  const members = Array.isArray(target)
    ? (target as unknown[])
    : Object.entries(target).flatMap(([condition, each]) => (conditions.has(condition) ? [each as unknown] : []));
  for (const member of members) {
    const chosen = choose(member);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}
