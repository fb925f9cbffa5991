// What the library uses of `Buffer`. Scripts do not see it.
const { fromCharCode } = String;

/** How many characters one call may have. */
const CHUNK = 4096;

type Encoding = 'utf8' | 'latin1' | 'utf16le' | 'base64';

/** Without the static members, of which Node's has others. */
const Bytes = Uint8Array as unknown as new (
  first: number | ArrayBuffer | ArrayLike<number>,
  offset?: number,
  length?: number,
) => Uint8Array;

export class Buffer extends Bytes {
  static byteLength(text: string): number {
    let size = text.length;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x80) continue;
      if (unit < 0x800) size++;
      else if (isPair(text, index)) {
        size += 2;
        index++;
      } else size += 2;
    }
    return size;
  }

  static isBuffer(value: unknown): boolean {
    return value instanceof Buffer;
  }

  static alloc(size: number): Buffer {
    return new Buffer(size);
  }

  static from(value: string | ArrayBuffer | ArrayLike<number>, second?: Encoding | number, length?: number): Buffer {
    if (typeof value === 'string') return encode(value, second as Encoding | undefined);
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      return new Buffer(value as ArrayBuffer, second as number | undefined, length);
    }
    return new Buffer(value);
  }

  override toString(encoding: Encoding = 'utf8'): string {
    switch (encoding) {
      case 'utf8':
        return decodeUtf8(this);
      case 'latin1':
        return decodeUnits(this);
      case 'utf16le': {
        const even = this.slice(0, this.length & ~1);
        return decodeUnits(new Uint16Array(even.buffer, even.byteOffset, even.length >> 1));
      }
      case 'base64':
        return btoa(decodeUnits(this));
    }
  }
}

function isPair(text: string, index: number): boolean {
  const [high, low] = [text.charCodeAt(index), text.charCodeAt(index + 1)];
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}

function encode(text: string, encoding: Encoding = 'utf8'): Buffer {
  switch (encoding) {
    case 'latin1':
      return unitsOf(text, new Buffer(text.length));
    case 'utf16le': {
      const units = unitsOf(text, new Uint16Array(text.length));
      return new Buffer(units.buffer as ArrayBuffer);
    }
    case 'base64': {
      const binary = atob(text);
      return unitsOf(binary, new Buffer(binary.length));
    }
    case 'utf8':
      return encodeUtf8(text);
  }
}

function unitsOf<T extends Uint8Array | Uint16Array>(text: string, units: T): T {
  for (let index = 0; index < text.length; index++) units[index] = text.charCodeAt(index);
  return units;
}

function encodeUtf8(text: string): Buffer {
  const bytes = new Buffer(Buffer.byteLength(text));
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    let point = text.charCodeAt(index);
    if (point >= 0xd800 && point < 0xe000) {
      if (isPair(text, index)) point = text.codePointAt(index++) as number;
      else point = 0xfffd;
    }
    if (point < 0x80) bytes[at++] = point;
    else if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      bytes[at++] = 0xe0 | (point >> 12);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else {
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    }
  }
  return bytes;
}

/** Bytes of text that the library has encoded itself. */
function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] as number;
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let point = size === 1 ? first : first & (0x7f >> size);
    for (let next = 1; next < size; next++) point = (point << 6) | ((bytes[at + next] ?? 0) & 0x3f);
    text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
    at += size;
  }
  return text;
}

function decodeUnits(units: Uint8Array | Uint16Array): string {
  let text = '';
  for (let at = 0; at < units.length; at += CHUNK) text += fromCharCode(...units.subarray(at, at + CHUNK));
  return text;
}
