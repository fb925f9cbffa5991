// Each block of TypeScript gets a second tab with the same program in JavaScript.
import { format } from 'prettier';
import blankTypes from 'ts-blank-space';

const block = /^( *)```ts\n([^]*?)^\1```$/gm;

/** Puts each block of TypeScript into a group of tabs, unless nothing but types is in it. */
export async function addJavaScript(text) {
  let result = '';
  let end = 0;
  for (const match of text.matchAll(block)) {
    const [fence, indent, typescript] = match;
    result += text.slice(end, match.index) + (await tabs(indent, typescript));
    end = match.index + fence.length;
  }
  return result + text.slice(end);
}

async function tabs(indent, typescript) {
  const lines = typescript.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
  const javascript = await withoutTypes(lines);
  const fence = (info, code) => `\`\`\`${info}\n${code}\`\`\``;
  const shown =
    javascript === undefined
      ? fence('ts', lines)
      : `::: code-group\n\n${fence('ts [TypeScript]', lines)}\n\n${fence('js [JavaScript]', javascript)}\n\n:::`;
  return shown.replaceAll(/^(?=.)/gm, indent);
}

/** The program in JavaScript; `undefined` where none is left, or where a syntax has no counterpart. */
async function withoutTypes(typescript) {
  let isErasable = true;
  const blanked = blankTypes(typescript, () => (isErasable = false));
  if (!isErasable) return undefined;
  // The name of the file is a comment in the first line; imports name other files.
  const named = blanked
    .replace(/^(\/\/ [\w-]+\.m?)ts$/m, '$1js')
    .replaceAll(/('\.\/[\w-]+\.m?)ts'/g, "$1js'")
    .replaceAll(/^\s*;\s*$/gm, '');
  const code = await format(named, { parser: 'babel', singleQuote: true, printWidth: 120 });
  return code.replaceAll(/\/\/.*|\/\*[^]*?\*\//g, '').trim() === '' ? undefined : code;
}
