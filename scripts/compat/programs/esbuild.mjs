import { buildSync, transformSync } from 'esbuild';
import { check, equal } from './check.mjs';

await check('transformSync', async () =>
  equal(transformSync('let a: number = 1', { loader: 'ts' }).code, 'let a = 1;\n'),
);
await check('buildSync', async () => {
  const { outputFiles } = buildSync({ stdin: { contents: 'export const a = 1' }, write: false });
  if (!outputFiles[0].text.includes('a = 1')) throw new Error(outputFiles[0].text);
});
