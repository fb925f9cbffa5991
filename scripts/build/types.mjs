// The public types, rolled up from ts/index.ts into one readable index.d.ts that is committed and diff-checked.
import path from 'node:path';
import { generateDtsBundle } from 'dts-bundle-generator';
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
    await writeFormatted('index.d.ts', banner + bundle);
  },
};
