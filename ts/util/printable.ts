// Text of another process, for a terminal, a log or an error.

/** How much of a name is shown. */
const SHOWN = 200;

// Control characters, line separators, and characters that change the direction of text. `JSON.stringify` handles
// quotes.
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu;

/** In quotes: no character of it affects a terminal, or ends a line. */
export function quoted(text: string, most = SHOWN): string {
  return JSON.stringify(cut(text, most)).replace(UNSAFE, escape);
}

/** Without quotes, for a sentence. */
export function printable(text: string, most = Infinity): string {
  return cut(text, most).replace(UNSAFE, escape);
}

/** Text of several lines: indents all after the first, so that none looks like a separate line. */
export function printableLines(text: string, most = Infinity): string {
  return cut(text, most)
    .split(/\r?\n/)
    .map((line) => line.replace(UNSAFE, (character) => (character === '\t' ? character : escape(character))))
    .join('\n    ');
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more)`;
}

function escape(character: string): string {
  const code = character.charCodeAt(0);
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
