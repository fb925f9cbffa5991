// The public types, rolled up from ts/index.ts into one readable index.d.ts that is committed and diff-checked.
import path from 'node:path';
import { generateDtsBundle } from 'dts-bundle-generator';
import ts from 'typescript';
import { root } from '../command.mjs';
import { writeFormatted } from './generated.mjs';

// The reference makes Node's types known where a project lists the types it wants and left them out.
const banner = `// Generated from ts/index.ts by \`npm run build:ts\`. Do not edit.
/// <reference types="node" />

`;

export const types = {
  name: 'types',
  title: 'index.d.ts',
  inputs: () => ['ts', 'tsconfig.json', '.prettierrc.json', 'package-lock.json', 'scripts/build'],
  outputs: () => ['index.d.ts'],
  async build() {
    const entry = {
      filePath: path.join(root, 'ts/index.ts'),
      // Types that only other types mention stay private: what is public is what ts/index.ts exports.
      output: { noBanner: true, exportReferencedTypes: false },
    };
    const [bundle] = generateDtsBundle([entry], { preferredConfigPath: path.join(root, 'tsconfig.json') });
    await writeFormatted('index.d.ts', banner + arranged(bundle));
  },
};

/** The declarations with a blank line between them: imports, then functions and classes, which programs begin with, then types. */
function arranged(text) {
  const { statements } = ts.createSourceFile('index.d.ts', text, ts.ScriptTarget.Latest);
  const rank = (statement) => {
    if (ts.isImportDeclaration(statement)) return 0;
    if (ts.isFunctionDeclaration(statement)) return 1;
    return ts.isClassDeclaration(statement) || ts.isVariableStatement(statement) ? 2 : 3;
  };
  return statements
    .map((statement) => ({ rank: rank(statement), text: text.slice(statement.pos, statement.end).trim() }))
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ rank: place, text: declaration }) => `${declaration}\n${place === 0 ? '' : '\n'}`)
    .join('');
}
