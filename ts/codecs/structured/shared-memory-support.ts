/** The first versions, of each line, that copy a `SharedArrayBuffer` before they decode it. */
const SAFE_NODE: Readonly<Record<number, number>> = { 24: 18, 26: 3 };
const NEWEST_NODE = 26;
const SAFE_BUN = [1, 4, 5];

/**
 * Whether the runtime's own functions survive a `SharedArrayBuffer` that changes meanwhile. Others, Node 22 among them,
 * read the memory three times to measure, allocate and write text: `Buffer.toString` and `TextDecoder` end the process.
 */
export function readsSharedMemorySafely(): boolean {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  if (deno !== undefined) return false;
  if (bun !== undefined) return isAtLeast(bun, SAFE_BUN);
  const [major = 0, minor = 0] = numbersOf(node ?? '');
  return major > NEWEST_NODE || minor >= (SAFE_NODE[major] ?? Infinity);
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const numbers = numbersOf(version);
  const different = least.findIndex((number, index) => numbers[index] !== number);
  return different === -1 || (numbers[different] ?? 0) > (least[different] as number);
}

function numbersOf(version: string): number[] {
  return version.split('.').map((number) => Number.parseInt(number, 10));
}
