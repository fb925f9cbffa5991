/**
 * The slot that serves a key, of so many. When their number changes, only the keys of the slots that come or go get another
 * one (rendezvous hashing).
 */
export function slotOfKey(key: string, slots: number): number {
  const hash = hashOf(key);
  let slot = 0;
  let most = -1;
  for (let each = 0; each < slots; each++) {
    const weight = mix(hash ^ Math.imul(each + 1, 0x9e3779b1));
    if (weight > most) {
      most = weight;
      slot = each;
    }
  }
  return slot;
}

/** FNV-1a of the text's UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** Spreads each bit over all of them. */
function mix(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
