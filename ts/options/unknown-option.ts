import { WorkerError } from '../errors/worker-error.js';
import { quoted } from '../util/printable.js';
import { ANY, type Known } from './known.js';

/** From this length on, a name within another counts as close as one with a single wrong letter. */
const LEAST_PART = 4;

/** The error for an unknown option: it names the nearest one, or all if none is near. */
export function unknownOption(operation: string, name: string, path: string, known: Known): WorkerError {
  const place = path === '' ? '' : `${path}.`;
  const nearest = nearestTo(name, known);
  const all = listOf(known).map((each) => `\`${place}${each}\``);
  let hint = all.length === 0 ? 'It knows none there' : `It knows ${all.join(', ')}`;
  if (nearest !== undefined) hint = `The nearest that it knows is \`${place}${nearest}\``;
  const shown = quoted(name).slice(1, -1);
  return new WorkerError('ERR_INVALID_OPTION', `${operation} does not know the option \`${place}${shown}\`. ${hint}.`);
}

function listOf(known: Known): string[] {
  return Object.keys(known).filter((name) => name !== ANY);
}

/** The path of the most similar option; `undefined`: none is near. */
function nearestTo(name: string, known: Known): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const path of pathsOf(known)) {
    const own = path.slice(path.lastIndexOf('.') + 1);
    const isTurned = sortedWords(path) === sortedWords(name);
    const distance = isTurned ? 0 : distanceOf(lettersOf(name), lettersOf(own));
    if (distance > Math.max(name.length, own.length) / 2) continue;
    if (distance < least) [nearest, least] = [path, distance];
  }
  return nearest;
}

/** Paths of the first depth precede deeper ones. */
function pathsOf(known: Known): string[] {
  const names = listOf(known);
  const deeper = names.flatMap((name) => {
    const members = known[name];
    return typeof members === 'object' ? pathsOf(members).map((path) => `${name}.${path}`) : [];
  });
  return [...names, ...deeper];
}

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** `messageTimeout` and `timeout.message` consist of equal words. */
function sortedWords(path: string): string {
  return path
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .toSorted()
    .join(' ');
}

/** The edit distance of two names: insertions, deletions and replacements. */
function distanceOf(one: string, other: string): number {
  if (one === other) return 0;
  const shorter = one.length < other.length ? one : other;
  if (shorter.length >= LEAST_PART && (one.includes(other) || other.includes(one))) return 1;
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[other.length] as number;
}
