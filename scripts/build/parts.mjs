// The parts of the package in the order they are built, and building them: all, some, or what is out of date.
import { facade } from './facade.mjs';
import { isolate, native } from './native.mjs';
import { fingerprint, readStamp, staleness, writeStamp } from './stamp.mjs';
import { types } from './types.mjs';
import { print } from '../command.mjs';

// The facade and the public types are compiled against the addon's generated declarations, and the second addon compiles the library
// for isolates: so the addons come first.
const parts = [native, isolate, types, facade];

/** Builds the named parts, all of them when none is named, whether they are up to date or not. */
export async function build({ names = [], profile = 'release' } = {}) {
  const known = parts.map((part) => part.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`there is no part "${unknown}"; the parts are ${known.join(', ')}`);
  for (const part of parts) {
    if (names.length === 0 || names.includes(part.name)) await buildPart(part, profile);
  }
}

/**
 * Builds what is missing or out of date of the named parts, all when none is named, and says why. A current addon serves in whichever profile it was built, unless
 * `exactly`: a debug build must never be measured.
 */
export async function buildIfStale({ names = [], profile = 'release', exactly = false } = {}) {
  for (const part of parts) {
    if (names.length > 0 && !names.includes(part.name)) continue;
    const isNative = part === native || part === isolate;
    const otherProfile = exactly && isNative && readStamp(part.name)?.profile !== profile;
    const reason = staleness(part) ?? (otherProfile ? `not a ${profile} build` : undefined);
    if (reason !== undefined) await buildPart(part, profile, reason);
  }
}

async function buildPart(part, profile, reason) {
  const details = part === native || part === isolate ? { profile } : {};
  print(`building ${[part.title, details.profile, reason && `(${reason})`].filter(Boolean).join(' ')}`);
  const started = performance.now();
  const inputs = fingerprint(part.inputs());
  await part.build({ profile });
  writeStamp(part, inputs, details);
  print(`built ${part.title} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
